package kopokopo

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// SignatureHeader is the header that has the signature of a webhook.
const SignatureHeader = "X-KopoKopo-Signature"

// Handler returns a handler of webhooks and result callbacks for net/http and routers that take its handlers. It verifies the
// request, and calls handle with the event. The response is:
//
//   - 200 if handle returned nil. Kopo Kopo sends an event again after other responses, and can send one twice:
//     use the event's DedupeKey.
//   - 400 if the body was signed and cannot be read, 401 if the signature is not that of the body, 405 for other methods than
//     POST, 413 if the body is longer than MaxBody of the verifier. handle is not called.
//   - 500 if handle returned an error, which is not logged here. A panic goes on to the server, which closes the connection.
//
// No middleware may read or change the body before.
func (o *WebhookVerifier) Handler(handle func(ctx context.Context, event *Event) error) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodPost {
			response.Header().Set("Allow", http.MethodPost)
			http.Error(response, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		limit := int64(o.MaxBody())
		body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, limit))
		if err != nil {
			var tooLong *http.MaxBytesError
			if errors.As(err, &tooLong) {
				http.Error(response, "the body is too long", http.StatusRequestEntityTooLarge)
			} else {
				http.Error(response, "the body could not be read", http.StatusBadRequest)
			}
			return
		}
		event, err := o.Verify(body, request.Header.Get(SignatureHeader))
		switch {
		case errors.Is(err, ErrSignature):
			http.Error(response, "the signature is not that of the body", http.StatusUnauthorized)
		case errors.Is(err, ErrDecode):
			http.Error(response, "the body could not be read", http.StatusBadRequest)
		case err != nil:
			http.Error(response, "internal error", http.StatusInternalServerError)
		default:
			if err := handle(request.Context(), event); err != nil {
				http.Error(response, "internal error", http.StatusInternalServerError)
				return
			}
			response.WriteHeader(http.StatusOK)
		}
	})
}
