// The functions are in the library that is linked: this file makes the header a module that SwiftPM builds.
#include "KopoKopoFFI.h"
