"""Certificates for servers under test."""
import subprocess


def make_certificate(directory, name, alternative_name="IP:127.0.0.1"):
    """Writes a key and a certificate that signs itself, for the loopback address unless said otherwise."""
    directory.mkdir(parents=True, exist_ok=True)
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative_name}", "-keyout", str(key),
         "-out", str(certificate)],
        check=True, capture_output=True)  # fmt: skip
    return certificate, key


def make_expired_certificate(directory, name):
    """As make_certificate, for a day that is long over."""
    certificate, key = make_certificate(directory, name)
    (directory / "index.txt").touch()
    (directory / "serial").write_text("01\n")
    (directory / "ca.conf").write_text(
        "[ca]\ndefault_ca = it\n[it]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\npolicy = any\n"
        "default_md = sha256\n[any]\ncommonName = supplied\n[san]\nsubjectAltName = IP:127.0.0.1\n"
    )
    expired = directory / "expired.pem"
    run = {"check": True, "capture_output": True, "cwd": directory}
    subprocess.run(["openssl", "req", "-new", "-key", key.name, "-subj", f"/CN={name}", "-out", "request.pem"], **run)
    subprocess.run(
        ["openssl", "ca", "-batch", "-config", "ca.conf", "-selfsign", "-keyfile", key.name, "-in", "request.pem",
         "-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-extensions", "san", "-notext",
         "-out", expired.name],
        **run)  # fmt: skip
    return expired, key


def tls_options(certificate, key):
    """What makes a server speak TLS on a port of its own."""
    return {"tls.listen": "127.0.0.1:0", "tls.certificate_file": str(certificate), "tls.key_file": str(key)}
