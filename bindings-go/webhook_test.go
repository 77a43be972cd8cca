package kopokopo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
)

func newVerifier(t *testing.T, maxBody uint64) *kopokopo.WebhookVerifier {
	t.Helper()
	verifier, err := kopokopo.NewWebhookVerifier(kopokopo.WebhookVerifierOptions{
		APIKeys: []kopokopo.Secret{"key"}, MaxBody: kopokopo.Ptr(maxBody),
	})
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

func sign(t *testing.T, body []byte) string {
	t.Helper()
	signature, err := kopokopo.SignWebhook("key", body)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func sample(t *testing.T) []byte {
	t.Helper()
	body, err := os.ReadFile("../tests/vectors/payloads/webhook-buygoods_transaction_received.json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func delivered(body []byte, signatures ...string) *http.Request {
	request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	for _, signature := range signatures {
		request.Header.Add(kopokopo.SignatureHeader, signature)
	}
	return request
}

func statusOf(handler http.Handler, request *http.Request) int {
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	return response.Code
}

// logged sets the logger for a test. The handler writes one line at a time.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var lines bytes.Buffer
	kopokopo.SetLogger(slog.New(slog.NewTextHandler(&lines, nil)))
	t.Cleanup(func() { kopokopo.SetLogger(nil) })
	return &lines
}

func TestHandlerVerifies(t *testing.T) {
	body := sample(t)
	lines := logged(t)
	calls := 0
	handler := newVerifier(t, uint64(len(body))).Handler(func(_ context.Context, event *kopokopo.Event) error {
		calls++
		if _, is := event.Payload.(kopokopo.BuygoodsTransactionReceivedPayload); !is {
			t.Errorf("the payload is a %T", event.Payload)
		}
		return nil
	})
	forged := strings.Repeat("0", 64)
	for _, item := range []struct {
		request *http.Request
		status  int
		calls   int
	}{
		{delivered(body), 401, 0},
		{delivered(body, ""), 401, 0},
		{delivered(body, forged), 401, 0},
		{delivered(body, sign(t, body), forged), 401, 0},
		{delivered([]byte("no JSON"), sign(t, []byte("no JSON"))), 400, 0},
		{delivered(append(bytes.Clone(body), ' '), sign(t, body)), 413, 0},
		{httptest.NewRequest(http.MethodGet, "/", nil), 405, 0},
		{delivered(body, sign(t, body)), 200, 1},
		{delivered(body, sign(t, body), sign(t, body)), 200, 2},
	} {
		if status := statusOf(handler, item.request); status != item.status || calls != item.calls {
			t.Errorf("status %d in place of %d, %d calls", status, item.status, calls)
		}
	}
	if text := lines.String(); !strings.Contains(text, "header is missing") || !strings.Contains(text, "header is empty") {
		t.Error(text)
	}
}

func TestHandlerThatFailsIsCalledAgain(t *testing.T) {
	body := sample(t)
	handler := newVerifier(t, 1<<20).Handler(func(context.Context, *kopokopo.Event) error { return errors.New("the database is down") })
	if status := statusOf(handler, delivered(body, sign(t, body))); status != http.StatusInternalServerError {
		t.Error(status)
	}
}

func TestBodyThatMiddlewareHasReadIsNotTakenForForged(t *testing.T) {
	body := sample(t)
	lines := logged(t)
	handler := newVerifier(t, 1<<20).Handler(func(context.Context, *kopokopo.Event) error { return nil })
	request := delivered(body, sign(t, body))
	_, _ = io.Copy(io.Discard, request.Body)
	if status := statusOf(handler, request); status != http.StatusInternalServerError || !strings.Contains(lines.String(), "before a middleware reads it") {
		t.Errorf("status %d: %s", status, lines)
	}
}

func TestUnreadableBodyGoesToItsOwnFunction(t *testing.T) {
	body := []byte(`["unreadable"]`)
	var found []byte
	failure := errors.New("the queue is full")
	handler := newVerifier(t, 1<<20).Handler(
		func(context.Context, *kopokopo.Event) error { t.Error("called"); return nil },
		kopokopo.OnUnreadable(func(_ context.Context, body []byte, err error) error {
			if !errors.Is(err, kopokopo.ErrDecode) {
				t.Error(err)
			}
			found = body
			return failure
		}))
	if status := statusOf(handler, delivered(body, sign(t, body))); status != 500 || !bytes.Equal(found, body) {
		t.Error(status, found)
	}
	failure = nil
	if status := statusOf(handler, delivered(body, sign(t, body))); status != 200 {
		t.Error(status)
	}
	if status := statusOf(handler, delivered(body, sign(t, []byte("other")))); status != 401 {
		t.Error(status)
	}
}

// A time that no language has must not become an error of the package: Kopo Kopo would deliver the webhook again, which fails again.
func TestTimesThatNotEveryLanguageHasAreAbsent(t *testing.T) {
	at := func(at time.Time) *time.Time { return &at }
	for given, expected := range map[string]*time.Time{
		"2026-05-01T10:43:20.123456789+03:00": at(time.Date(2026, 5, 1, 7, 43, 20, 123456789, time.UTC)),
		"2026-05-01T10:43:20.5-17:59":         at(time.Date(2026, 5, 2, 4, 42, 20, 500000000, time.UTC)),
		"0001-01-01T14:00:00+14:00":           at(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)),
		"9999-12-31T05:59:59-18:00":           at(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)),
		"2026-05-01T10:43:20+25:30":           nil,
		"2026-05-01T10:43:20.5-25:00":         nil,
		"0000-01-01T00:00:00+25:00":           nil,
		"9999-12-31T23:59:59-25:59":           nil,
	} {
		var document map[string]any
		if err := json.Unmarshal(sample(t), &document); err != nil {
			t.Fatal(err)
		}
		document["created_at"] = given
		body, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		handler := newVerifier(t, 1<<20).Handler(func(_ context.Context, event *kopokopo.Event) error {
			calls++
			found := event.CreatedAt
			if (found == nil) != (expected == nil) || (found != nil && !found.Equal(*expected)) {
				t.Errorf("%s is %v", given, event.CreatedAt)
			}
			_, err := json.Marshal(event)
			return err
		})
		if status := statusOf(handler, delivered(body, sign(t, body))); status != 200 || calls != 1 {
			t.Errorf("%s: status %d", given, status)
		}
	}
}

func TestEventsWithUnusualValuesAreRead(t *testing.T) {
	for _, part := range []string{
		`"topic":"a new topic"`, `"topic":"incoming_payment","data":{"id":"\u0001\u0002\u0003\u0000","attributes":{"metadata":{"a":1e400,"b":[1,{"c":null}],"b":2}}}`,
		`"topic":"customer_created","event":{"type":7,"resource":{"phone_number":7.5}}`, `"topic":"\ud83d\ude00"`,
		`"topic":"incoming_payment","data":{"attributes":{"metadata":{"a":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `}}}`,
	} {
		body := []byte("{" + part + "}")
		handler := newVerifier(t, 1<<20).Handler(func(_ context.Context, event *kopokopo.Event) error { return nil })
		if status := statusOf(handler, delivered(body, sign(t, body))); status != 200 {
			t.Errorf("status %d: %s", status, body)
		}
	}
}
