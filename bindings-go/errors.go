package kopokopo

import "strings"

// kindError is what [errors.Is] compares with the kind of an [Error].
type kindError Kind

func (k kindError) Error() string { return "kopokopo: " + string(k) }

// Error returns the operation, the kind and the reason, without secrets and personal data.
func (e *Error) Error() string {
	var out strings.Builder
	out.WriteString("kopokopo: ")
	if e.Operation != "" {
		out.WriteString(e.Operation + ": ")
	}
	out.WriteString(string(e.Kind) + ": " + e.Detail)
	return out.String()
}

// Is returns whether the target is the kind of the error, such as [ErrOutcomeUnknown].
func (e *Error) Is(target error) bool {
	kind, is := target.(kindError)
	return is && Kind(kind) == e.Kind
}

// ContextError returns why the program gave up a create that was sent: the error of its context, or nil.
//
// [errors.Is] does not find it: code that ignores or repeats what was given up must not do so with money that may have moved.
func (e *Error) ContextError() error { return e.contextError }
