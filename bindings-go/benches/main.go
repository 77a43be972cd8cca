// Command benches compares this package with what a program would write by hand, in one run. Its lines are for `cargo xtask bench`.
//
// The server of the creates is a process of its own, the same program.
package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sort"
	"strings"
	"sync"
	"time"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
)

const (
	key     = "a-key"
	rounds  = 11
	creates = 300
)

func main() {
	var err error
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		err = serve()
	} else {
		err = run(os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(sample string) error {
	body, err := os.ReadFile(sample)
	if err != nil {
		return err
	}
	if err := webhooks(body); err != nil {
		return err
	}
	origin, stop, err := startServer()
	if err != nil {
		return err
	}
	defer stop()
	return requests(origin)
}

// compare measures both in turn, and prints the medians.
func compare(id string, count int, ours, baseline func() error) error {
	var times [2][]float64
	for round := range rounds + 1 {
		for at, run := range []func() error{ours, baseline} {
			start := time.Now()
			for range count {
				if err := run(); err != nil {
					return fmt.Errorf("%s: %w", id, err)
				}
			}
			// The first round makes connections and fills caches.
			if round > 0 {
				times[at] = append(times[at], float64(time.Since(start).Nanoseconds())/1e3/float64(count))
			}
		}
	}
	median := func(found []float64) float64 {
		sort.Float64s(found)
		return found[len(found)/2]
	}
	fmt.Printf("measured {\"id\":%q,\"ours\":%.3f,\"baseline\":%.3f,\"unit\":\"us\"}\n", id, median(times[0]), median(times[1]))
	return nil
}

// event is what a program types by hand.
type event struct {
	Topic     string    `json:"topic"`
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	Event     struct {
		Type     string         `json:"type"`
		Resource map[string]any `json:"resource"`
	} `json:"event"`
	Links map[string]string `json:"_links"`
}

func webhooks(body []byte) error {
	verifier, err := kopokopo.NewWebhookVerifier(kopokopo.WebhookVerifierOptions{APIKeys: []kopokopo.Secret{key}})
	if err != nil {
		return err
	}
	signature, err := kopokopo.SignWebhook(key, body)
	if err != nil {
		return err
	}
	byHand := func(into any) error {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write(body)
		given, err := hex.DecodeString(signature)
		if err != nil || !hmac.Equal(mac.Sum(nil), given) {
			return errors.New("forged")
		}
		return json.Unmarshal(body, into)
	}
	ours := func() error {
		_, err := verifier.Verify(body, signature)
		return err
	}
	if err := compare("go/verify_parse/own", 2000, ours, func() error { var found map[string]any; return byHand(&found) }); err != nil {
		return err
	}
	return compare("go/verify_parse/typed", 2000, ours, func() error { var found event; return byHand(&found) })
}

func requests(origin string) error {
	make := func(reused bool) (*kopokopo.Client, error) {
		return kopokopo.NewClient(kopokopo.ClientOptions{
			ClientID: "id", ClientSecret: "secret", BaseURL: &origin, FreshConnections: kopokopo.Ptr(!reused), PrivateToken: true,
		})
	}
	reused, err := make(true)
	if err != nil {
		return err
	}
	fresh, err := make(false)
	if err != nil {
		return err
	}
	create := func(client *kopokopo.Client) func() error {
		payments := client.IncomingPayments()
		return func() error {
			created, err := payments.Create(context.Background(), kopokopo.IncomingPaymentRequest{
				TillNumber: "K000000", PhoneNumber: "+254712345678", Amount: "100", CallbackURL: "https://shop.example/k2",
			})
			if err == nil && created.ID() != "42" {
				err = errors.New("another id")
			}
			return err
		}
	}
	byHand := func(client *http.Client) func() error {
		return func() error { return post(client, origin) }
	}
	alive := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	closed := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if err := compare("go/create_1/net_http", creates, create(reused), byHand(alive)); err != nil {
		return err
	}
	if err := compare("go/create_1/fresh", creates, create(fresh), byHand(closed)); err != nil {
		return err
	}
	return compare("go/create_64/net_http", 5, together(create(reused)), together(byHand(alive)))
}

// together runs 64 at a time.
func together(run func() error) func() error {
	return func() error {
		var group sync.WaitGroup
		failures := make(chan error, 64)
		for range 64 {
			group.Add(1)
			go func() {
				defer group.Done()
				failures <- run()
			}()
		}
		group.Wait()
		for range 64 {
			if err := <-failures; err != nil {
				return err
			}
		}
		return nil
	}
}

// post is a create without an SDK.
func post(client *http.Client, origin string) error {
	text, err := json.Marshal(map[string]any{
		"payment_channel": "M-PESA STK Push",
		"till_number":     "K000000",
		"subscriber":      map[string]string{"phone_number": "+254712345678"},
		"amount":          map[string]string{"currency": "KES", "value": "100"},
		"_links":          map[string]string{"callback_url": "https://shop.example/k2"},
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, origin+"/api/v2/incoming_payments", bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer token")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if location := response.Header.Get("Location"); response.StatusCode != http.StatusCreated || !strings.HasSuffix(location, "/42") {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}

func startServer() (string, func(), error) {
	command := exec.Command(os.Args[0], "serve")
	input, err := command.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := command.Start(); err != nil {
		return "", nil, err
	}
	var origin string
	_, err = fmt.Fscanln(output, &origin)
	return origin, func() { _ = input.Close(); _ = command.Wait() }, err
}

// serve responds to creates until stdin ends.
func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	origin := "http://" + listener.Addr().String()
	fmt.Println(origin)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return http.Serve(listener, http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		_, _ = io.Copy(io.Discard, request.Body)
		if strings.HasPrefix(request.URL.Path, "/oauth/token") {
			response.Header().Set("Content-Type", "application/json")
			fmt.Fprint(response, `{"access_token":"token","token_type":"Bearer","expires_in":3600,"created_at":1700000000}`)
			return
		}
		response.Header().Set("Location", origin+"/api/v2/incoming_payments/42")
		response.WriteHeader(http.StatusCreated)
	}))
}
