//go:build kopokopo_system || !linux || (!amd64 && !arm64)

package kopokopo

// #cgo LDFLAGS: -lkopokopo_c -lm -ldl -lpthread
import "C"
