package kopokopo

import (
	"log/slog"
	"sync/atomic"
)

var logger atomic.Pointer[slog.Logger]

// SetLogger sets the logger that receives warnings, which have no secrets and no personal data: an outcome is unknown, or a
// journal could not be written. Without it, or with nil, it is [slog.Default].
func SetLogger(own *slog.Logger) { logger.Store(own) }

func warn(text string) {
	own := logger.Load()
	if own == nil {
		own = slog.Default()
	}
	own.Warn(text)
}
