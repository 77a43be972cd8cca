/* Loads a library, and looks for a symbol: `load LIBRARY SYMBOL`. */
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **arguments) {
    if (count != 3) {
        fputs("usage: load LIBRARY SYMBOL\n", stderr);
        return 2;
    }
    void *library = dlopen(arguments[1], RTLD_NOW);
    if (library == NULL || dlsym(library, arguments[2]) == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    printf("loaded %s\n", arguments[1]);
    return 0;
}
