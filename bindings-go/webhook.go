package kopokopo

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
)

// SignatureHeader is the header that has the signature of a webhook.
const SignatureHeader = "X-KopoKopo-Signature"

// HandlerOption is an option of [WebhookVerifier.Handler].
type HandlerOption func(*handlerOptions)

type handlerOptions struct {
	journal      *Journal
	onUnreadable func(ctx context.Context, body []byte, err error) error
}

// ObserveWith makes the handler pass each verified event to the journal first, so that requests whose outcome is unknown become
// accepted. If the journal's store fails, the response is 500, and the webhook is delivered again.
func ObserveWith(journal *Journal) HandlerOption {
	return func(options *handlerOptions) { options.journal = journal }
}

// OnUnreadable sets the function that receives the raw body of an authentic webhook that cannot be read, which has personal data.
// If it returns nil, the response is 200, and the webhook is not delivered again.
func OnUnreadable(handle func(ctx context.Context, body []byte, err error) error) HandlerOption {
	return func(options *handlerOptions) { options.onUnreadable = handle }
}

// Handler returns a handler of webhooks and result callbacks for net/http and routers that take its handlers. It verifies the
// request, and calls handle with the event. The response is:
//
//   - 200 if handle returned nil. Kopo Kopo sends an event again after other responses, and can send one twice: see [Once].
//   - 400 if the body was signed and cannot be read, 401 if the signature is not that of the body, 405 for other methods than
//     POST, 413 if the body is longer than MaxBody of the verifier. handle is not called. The reason is only logged, because the
//     sender may be an attacker: see [SetLogger].
//   - 500 if handle returned an error, which is not logged here, or if a middleware has read the body. A panic goes on to the
//     server, which closes the connection.
//
// No middleware may read or change the body before.
func (o *WebhookVerifier) Handler(handle func(ctx context.Context, event *Event) error, options ...HandlerOption) http.Handler {
	var given handlerOptions
	for _, option := range options {
		option(&given)
	}
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodPost {
			response.Header().Set("Allow", http.MethodPost)
			http.Error(response, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		// It closes the connection of a sender that goes on.
		request.Body = http.MaxBytesReader(response, request.Body, o.limit()+1)
		status, err := o.handle(request, handle, given)
		if err != nil {
			warn("refused a webhook with status " + http.StatusText(status) + ": " + err.Error())
		}
		if status == http.StatusOK {
			response.WriteHeader(status)
			return
		}
		http.Error(response, strings.ToLower(http.StatusText(status)), status)
	})
}

// handle returns the status of the response, and what is logged.
func (o *WebhookVerifier) handle(request *http.Request, handle func(context.Context, *Event) error, options handlerOptions) (int, error) {
	ctx := request.Context()
	body, err := o.read(request)
	if err != nil {
		return statusOf(err), err
	}
	if int64(len(body)) > o.limit() {
		return http.StatusRequestEntityTooLarge, nil
	}
	event, err := o.verifyValues(body, request.Header.Values(SignatureHeader))
	if errors.Is(err, ErrDecode) && options.onUnreadable != nil {
		if options.onUnreadable(ctx, body, err) != nil {
			return http.StatusInternalServerError, nil
		}
		return http.StatusOK, nil
	}
	if err != nil {
		return statusOf(err), err
	}
	if options.journal != nil {
		if _, err := options.journal.Observe(ctx, event.Raw); err != nil {
			return http.StatusInternalServerError, err
		}
	}
	if handle(ctx, event) != nil {
		return http.StatusInternalServerError, nil
	}
	return http.StatusOK, nil
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, ErrSignature):
		return http.StatusUnauthorized
	case errors.Is(err, ErrDecode), errors.Is(err, errUnread):
		return http.StatusBadRequest
	default:
		return http.StatusInternalServerError
	}
}

// VerifyRequest reads the body of a request, at most MaxBody bytes, and verifies it as [WebhookVerifier.Verify] does, for routers
// whose handlers are not those of net/http. The body cannot be read again.
//
// Errors: those of Verify, [ErrInvalidRequest] if the body was read before, and those of the connection.
func (o *WebhookVerifier) VerifyRequest(request *http.Request) (*Event, error) {
	body, err := o.read(request)
	if err != nil {
		return nil, err
	}
	return o.verifyValues(body, request.Header.Values(SignatureHeader))
}

// errUnread is the error for a body that did not arrive.
var errUnread = errors.New("kopokopo: the body could not be read")

// read returns the body. If it is longer than MaxBody, it is cut off one byte after that.
func (o *WebhookVerifier) read(request *http.Request) ([]byte, error) {
	if request.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(request.Body, o.limit()+1))
	if err != nil {
		return nil, errors.Join(errUnread, err)
	}
	if len(body) == 0 && request.ContentLength > 0 {
		detail := "body: it was read before. The signature covers the raw body: verify it before a middleware reads it"
		return nil, &Error{Kind: KindInvalidRequest, Field: "body", Detail: detail}
	}
	return body, nil
}

func (o *WebhookVerifier) limit() int64 { return int64(o.MaxBody()) }

// verifyValues verifies with the values of the header. Different ones are refused.
func (o *WebhookVerifier) verifyValues(body []byte, values []string) (*Event, error) {
	var signature *string
	if len(values) > 0 {
		signature = refer(strings.Join(values, ","))
	}
	return read(func(r *reader) *Event { return refer(readEvent(r)) })(o.verifyOptional(body, signature))
}
