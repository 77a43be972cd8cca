//go:build linux && amd64 && musl && !kopokopo_system

package kopokopo

// The library.
import _ "github.com/kopokopo-sdk/kopokopo-go/lib/linux_amd64_musl"
