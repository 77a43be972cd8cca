package kopokopo

import (
	"context"
	"time"
)

// CallOption is an option of one create.
type CallOption func(*CallOptions)

// IdempotencyKey makes a create happen once, with a journal: calls with the same key send one request. An empty key is refused.
func IdempotencyKey(key string) CallOption {
	return func(options *CallOptions) { options.IdempotencyKey = &key }
}

// Timeout is the time for one call, with its repetitions.
func Timeout(limit time.Duration) CallOption {
	return func(options *CallOptions) { options.Timeout = limit }
}

// TokenSource supplies access tokens: a client with one has no credentials.
type TokenSource interface {
	// Token returns a token. The context ends if the client is not used any more.
	Token(ctx context.Context) (AccessToken, error)
}

// TokenSourceFunc is a function that is a [TokenSource].
type TokenSourceFunc func(ctx context.Context) (AccessToken, error)

// Token calls the function.
func (f TokenSourceFunc) Token(ctx context.Context) (AccessToken, error) { return f(ctx) }

// JournalStore keeps the records of a journal. The contract describes the requests.
type JournalStore interface {
	// Execute runs a request, which is JSON, and returns its response, which is JSON.
	Execute(ctx context.Context, request string) (string, error)
}

// begin calls a create. Options of the call are those of a client of its own.
func (n native) begin(ctx context.Context, method string, arguments *arguments, options ...CallOption) (native, error) {
	if len(options) > 0 && n.client != nil {
		var given CallOptions
		for _, option := range options {
			option(&given)
		}
		flat := newArguments()
		flat.flatten(given)
		client, err := native{own: n.client}.askObject("with_options", flat)
		if err != nil {
			return native{}, err
		}
		n = client.section(n.word)
	}
	found, err := n.call(ctx, method, arguments)
	return found.native(err)
}
