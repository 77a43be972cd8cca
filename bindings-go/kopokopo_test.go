package kopokopo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
)

const phone = "0712345678"

// api plays the API: a token, and what the test needs for other requests.
func api(t *testing.T, respond http.HandlerFunc) (*kopokopo.Client, *atomic.Int32) {
	t.Helper()
	var count atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if strings.HasPrefix(request.URL.Path, "/oauth/token") {
			response.Header().Set("Content-Type", "application/json")
			fmt.Fprint(response, `{"access_token":"canary-token","token_type":"Bearer","expires_in":3600,"created_at":1700000000}`)
			return
		}
		count.Add(1)
		respond(response, request)
	}))
	t.Cleanup(server.Close)
	client, err := kopokopo.NewClient(kopokopo.ClientOptions{
		ClientID: "id", ClientSecret: "canary-secret", APIKey: kopokopo.Ptr(kopokopo.Secret("key")), BaseURL: kopokopo.Ptr(server.URL),
	})
	if err != nil {
		t.Fatal(err)
	}
	return client, &count
}

func push() kopokopo.IncomingPaymentRequest {
	return kopokopo.IncomingPaymentRequest{
		TillNumber: "K000000", PhoneNumber: phone, Amount: "100.00", CallbackURL: "https://shop.example/k2/results",
	}
}

func TestCreateSendsOneRequestWithThePhoneNumber(t *testing.T) {
	var body atomic.Pointer[string]
	client, count := api(t, func(response http.ResponseWriter, request *http.Request) {
		var read bytes.Buffer
		_, _ = read.ReadFrom(request.Body)
		body.Store(kopokopo.Ptr(read.String()))
		response.Header().Set("Location", "http://"+request.Host+"/api/v2/incoming_payments/42")
		response.WriteHeader(http.StatusCreated)
	})
	created, err := client.IncomingPayments().Create(t.Context(), push())
	if err != nil {
		t.Fatal(err)
	}
	if created.ID() != "42" || count.Load() != 1 {
		t.Fatalf("id %s after %d requests", created.ID(), count.Load())
	}
	if sent := *body.Load(); !strings.Contains(sent, "712345678") || strings.Contains(sent, "redacted") {
		t.Fatalf("the body is %s", sent)
	}
}

func TestCancelledCreateThatWasSentIsOutcomeUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	release := make(chan struct{})
	client, count := api(t, func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	})
	t.Cleanup(func() { close(release) })
	_, err := client.IncomingPayments().Create(ctx, push())
	var own *kopokopo.Error
	if !errors.As(err, &own) || !errors.Is(err, kopokopo.ErrOutcomeUnknown) || count.Load() != 1 {
		t.Fatalf("%v after %d requests", err, count.Load())
	}
	if errors.Is(err, context.Canceled) || !errors.Is(own.ContextError(), context.Canceled) {
		t.Fatalf("code that ignores cancelled calls would ignore %v", err)
	}
}

func TestCancelledContextSendsNothing(t *testing.T) {
	client, count := api(t, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.IncomingPayments().Create(ctx, push()); !errors.Is(err, context.Canceled) || count.Load() != 0 {
		t.Fatalf("%v after %d requests", err, count.Load())
	}
}

func TestCancelledReadIsAnErrorOfTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	release := make(chan struct{})
	client, _ := api(t, func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	})
	t.Cleanup(func() { close(release) })
	if _, err := client.IncomingPayments().Get(ctx, "42"); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestEmptyIdempotencyKeyIsRefused(t *testing.T) {
	client, count := api(t, func(http.ResponseWriter, *http.Request) {})
	_, err := client.IncomingPayments().Create(t.Context(), push(), kopokopo.IdempotencyKey(""))
	if err == nil || count.Load() != 0 {
		t.Fatalf("%v after %d requests", err, count.Load())
	}
}

func TestTokenSourceIsAsked(t *testing.T) {
	var header atomic.Pointer[string]
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		header.Store(kopokopo.Ptr(request.Header.Get("Authorization")))
		response.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	source := kopokopo.TokenSourceFunc(func(context.Context) (kopokopo.AccessToken, error) {
		return kopokopo.AccessToken{Token: "from-the-source"}, nil
	})
	client, err := kopokopo.NewClientWithTokenSource(source, kopokopo.TokenSourceOptions{BaseURL: kopokopo.Ptr(server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.IncomingPayments().Get(t.Context(), "42"); !errors.Is(err, kopokopo.ErrNotFound) {
		t.Fatal(err)
	}
	if *header.Load() != "Bearer from-the-source" {
		t.Fatal(*header.Load())
	}
}

func TestPersonalDataAndSecretsAreNotShown(t *testing.T) {
	token := kopokopo.AccessToken{Token: "canary-token"}
	for _, value := range []any{push(), kopokopo.Ptr(push()), token, kopokopo.ClientOptions{ClientSecret: "canary-secret"}} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		for _, shown := range []string{string(text), fmt.Sprint(value), fmt.Sprintf("%+v %#v %s %d %x", value, value, value, value, value)} {
			if strings.Contains(shown, phone) || strings.Contains(shown, "canary") || strings.Contains(shown, fmt.Sprintf("%x", phone)) {
				t.Error(shown)
			}
		}
	}
}

func TestAmountsAreExact(t *testing.T) {
	if !kopokopo.Amount("100").Equal("100.00") || kopokopo.Amount("100").Equal("100.01") || kopokopo.Amount("1e2").Equal("100") {
		t.Error("amounts are compared by their texts")
	}
	if units, err := kopokopo.Amount("100.50").MinorUnits(); err != nil || units != 10050 {
		t.Error(units, err)
	}
	if _, err := kopokopo.Amount("0.001").MinorUnits(); !errors.Is(err, kopokopo.ErrAmount) {
		t.Error(err)
	}
}

func TestWatchEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client, _ := api(t, func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("Content-Type", "application/json")
		fmt.Fprint(response, `{"data":{"id":"42","type":"incoming_payment","attributes":{"status":"Pending"}}}`)
	})
	states := 0
	for state, err := range client.IncomingPayments().Watch(ctx, "42", kopokopo.WaitOptions{Interval: time.Hour, MaxInterval: time.Hour, Timeout: 3 * time.Hour}) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			break
		}
		if state.Status != kopokopo.IncomingPaymentStatusPending {
			t.Fatal(state)
		}
		states++
		cancel()
	}
	if states != 1 {
		t.Fatalf("%d states", states)
	}
}
