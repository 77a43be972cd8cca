// Package linux_arm64_musl has the library for a platform. The packages that are published have it next to this file.
package linux_arm64_musl

// #cgo LDFLAGS: ${SRCDIR}/libkopokopo_c.a -lm -ldl -lpthread
import "C"
