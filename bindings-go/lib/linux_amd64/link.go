// Package linux_amd64 has the library for a platform. The packages that are published have it next to this file.
package linux_amd64

// #cgo LDFLAGS: ${SRCDIR}/libkopokopo_c.a -lm -ldl -lpthread
import "C"
