// Command shop takes a payment by STK push, and credits an order when its result arrives:
//
//	go run ./examples/shop
//	curl -d 'order=42&phone=0712345678' localhost:8080/pay
//
// It reads the variables that `k2 sandbox` prints, and SHOP_URL, at which Kopo Kopo reaches it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"
	"sync"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
)

const till = "K000000"

// shop keeps its orders in memory. A real one has a database, and claims each event with [kopokopo.Once] in a transaction.
type shop struct {
	client *kopokopo.Client
	url    string
	lock   sync.Mutex
	orders map[string]string
	paid   map[string]bool
}

func (s *shop) pay(response http.ResponseWriter, request *http.Request) {
	order := request.FormValue("order")
	// The order is known before its result can arrive.
	if !s.set(order, "pending") {
		http.Error(response, "the order exists", http.StatusConflict)
		return
	}
	push, err := s.client.IncomingPayments().Create(request.Context(), kopokopo.IncomingPaymentRequest{
		TillNumber:  till,
		PhoneNumber: kopokopo.Personal(request.FormValue("phone")),
		Amount:      kopokopo.Shillings(100),
		CallbackURL: s.url + "/k2/results",
		Metadata:    kopokopo.Metadata{"order_id": order},
	})
	switch {
	case errors.Is(err, kopokopo.ErrInvalidRequest):
		s.remove(order)
		http.Error(response, err.Error(), http.StatusBadRequest)
	case errors.Is(err, kopokopo.ErrOutcomeUnknown):
		// The customer may get a prompt. The result says what happened.
		log.Println(err)
		http.Error(response, "wait for the result", http.StatusAccepted)
	case err != nil:
		s.remove(order)
		log.Println(err)
		http.Error(response, "try again later", http.StatusBadGateway)
	default:
		response.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(response).Encode(map[string]string{"payment": push.ID()})
	}
}

func (s *shop) status(response http.ResponseWriter, request *http.Request) {
	s.lock.Lock()
	defer s.lock.Unlock()
	_ = json.NewEncoder(response).Encode(map[string]string{"status": s.orders[request.PathValue("order")]})
}

func (s *shop) result(_ context.Context, event *kopokopo.Event) error {
	payload, is := event.Payload.(kopokopo.IncomingPaymentPayload)
	if !is {
		return nil
	}
	order, _ := payload.IncomingPayment.Metadata["order_id"].(string)
	paid, err := event.IsPaidAtLeast(kopokopo.Shillings(100), nil, kopokopo.Ptr(till))
	if err != nil {
		return err
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	switch {
	case !paid:
		if s.orders[order] == "pending" {
			s.orders[order] = "failed"
		}
	case !s.paid[*event.PaymentKey]:
		s.paid[*event.PaymentKey] = true
		s.orders[order] = "paid"
	}
	return nil
}

func (s *shop) set(order, status string) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	if _, exists := s.orders[order]; exists || order == "" {
		return false
	}
	s.orders[order] = status
	return true
}

func (s *shop) remove(order string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	delete(s.orders, order)
}

func routes(client *kopokopo.Client, url string) (http.Handler, error) {
	verifier, err := client.Webhooks()
	if err != nil {
		return nil, err
	}
	own := &shop{client: client, url: url, orders: map[string]string{}, paid: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /pay", own.pay)
	mux.HandleFunc("GET /orders/{order}", own.status)
	mux.Handle("POST /k2/results", verifier.Handler(own.result))
	return mux, nil
}

func main() {
	client, err := kopokopo.NewClientFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	url := os.Getenv("SHOP_URL")
	if url == "" {
		url = "http://127.0.0.1:8080"
	}
	handler, err := routes(client, url)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", handler))
}
