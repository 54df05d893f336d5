// Linked with one whole module and the modules it declares; see ShoalModule.cmake.
int main() { return 0; }
