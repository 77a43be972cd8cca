package kopokopo

import (
	"context"
	"iter"
	"time"
)

// watch returns the states of a resource, read as often as the library says.
func watch[T any](ctx context.Context, own native, arguments *arguments, value func(*reader) *T) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		watched, err := own.ask("watch", arguments)
		states, err := watched.native(err)
		for err == nil {
			var pause *time.Duration
			pause, err = read(func(r *reader) *time.Duration { return readOptional(r, readDuration) })(states.ask("pause", newArguments()))
			if err != nil || pause == nil {
				break
			}
			timer := time.NewTimer(*pause)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				err = nothingSent("watch", ctx.Err())
				continue
			}
			var state *T
			state, err = read(func(r *reader) *T {
				if r.isAbsent() {
					return nil
				}
				return value(r)
			})(states.call(ctx, "poll", newArguments()))
			if state != nil && !yield(state, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}
