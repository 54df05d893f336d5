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


def tls_options(certificate, key):
    """What makes a server speak TLS on a port of its own."""
    return {"tls.listen": "127.0.0.1:0", "tls.certificate_file": str(certificate), "tls.key_file": str(key)}
