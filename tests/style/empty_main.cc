// A program of nothing but the libraries that its link names, whole.
int main() { return 0; }
