// Package sandbox starts `k2 sandbox` for tests.
package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
)

// Create is the operation of a push.
const Create = "incoming_payments.create"

// Sandbox is one in a process of its own, which ends with the tests.
type Sandbox struct {
	BaseURL      string `json:"base_url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	APIKey       string `json:"api_key"`
	// The process ends when this is closed.
	input io.WriteCloser
}

var shared = sync.OnceValues(start)

// Reset returns the one for all tests, as it was at the beginning.
func Reset(t testing.TB) *Sandbox {
	t.Helper()
	found, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	found.control(t, http.MethodPost, "reset", nil, nil)
	return found
}

// Root is the folder of the repository.
func Root() string {
	_, own, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(own), "../../..")
}

func binary() string {
	if found := os.Getenv("K2_SANDBOX_BIN"); found != "" {
		return found
	}
	target := os.Getenv("CARGO_TARGET_DIR")
	if target == "" {
		target = filepath.Join(Root(), "target")
	}
	return filepath.Join(target, "debug/k2")
}

func start() (*Sandbox, error) {
	command := exec.Command(binary(), "sandbox", "--json", "--exit-with-stdin")
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("cargo build --package k2: %w", err)
	}
	lines := bufio.NewReader(output)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	// Otherwise the sandbox would wait when the pipe is full.
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	own := &Sandbox{input: input}
	return own, json.Unmarshal(line, own)
}

// Client returns a client with a token of its own.
func (s *Sandbox) Client(t testing.TB) *kopokopo.Client {
	t.Helper()
	client, err := kopokopo.NewClient(kopokopo.ClientOptions{
		ClientID: s.ClientID, ClientSecret: kopokopo.Secret(s.ClientSecret), APIKey: kopokopo.Ptr(kopokopo.Secret(s.APIKey)),
		BaseURL: &s.BaseURL, PrivateToken: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Environment returns the variables of a program that uses the sandbox.
func (s *Sandbox) Environment() []string {
	return []string{
		"K2_BASE_URL=" + s.BaseURL, "K2_CLIENT_ID=" + s.ClientID, "K2_CLIENT_SECRET=" + s.ClientSecret, "K2_API_KEY=" + s.APIKey,
	}
}

// Fault makes requests of an operation fail.
func (s *Sandbox) Fault(t testing.TB, operation, kind string, more map[string]any) {
	t.Helper()
	fault := map[string]any{"operation": operation, "kind": kind}
	maps.Copy(fault, more)
	s.control(t, http.MethodPut, "faults", fault, nil)
}

// Count returns how many requests of an operation were received.
func (s *Sandbox) Count(t testing.TB, operation string) int {
	t.Helper()
	var requests []struct{ Operation string }
	s.control(t, http.MethodGet, "requests", nil, &requests)
	count := 0
	for _, request := range requests {
		if request.Operation == operation {
			count++
		}
	}
	return count
}

func (s *Sandbox) control(t testing.TB, method, path string, body, into any) {
	t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	request, err := http.NewRequest(method, s.BaseURL+"/_sandbox/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	found, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %d %s %v", method, path, response.StatusCode, found, err)
	}
	if into != nil {
		if err := json.Unmarshal(found, into); err != nil {
			t.Fatal(err)
		}
	}
}

// Push is a request that a customer accepts.
func Push() kopokopo.IncomingPaymentRequest {
	return kopokopo.IncomingPaymentRequest{
		TillNumber: "K000000", PhoneNumber: "0712345678", Amount: "100", CallbackURL: "https://shop.example/k2/results",
	}
}

// Payload returns a body that the API sends.
func Payload(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(Root(), "tests/vectors/payloads", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// Event returns the event of a payload.
func Event(t testing.TB, name string) *kopokopo.Event {
	t.Helper()
	verifier, err := kopokopo.NewWebhookVerifier(kopokopo.WebhookVerifierOptions{APIKeys: []kopokopo.Secret{"a-key"}})
	if err != nil {
		t.Fatal(err)
	}
	event, err := verifier.ParseUnverified(Payload(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return event
}
