package kopokopo_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
)

// A client reads the variables that `k2 sandbox` prints. The payment's id is saved with the order before the program waits.
func Example() {
	ctx := context.Background()
	client, err := kopokopo.NewClientFromEnv()
	if err != nil {
		fmt.Println(err)
		return
	}
	push, err := client.IncomingPayments().Create(ctx, kopokopo.IncomingPaymentRequest{
		TillNumber:  "K000000",
		PhoneNumber: "0712345678",
		Amount:      "100.00",
		CallbackURL: "https://shop.example/k2/results",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	payment, err := client.IncomingPayments().Wait(ctx, push.ID(), kopokopo.WaitOptions{Timeout: 2 * time.Minute})
	if errors.Is(err, kopokopo.ErrNotFinal) {
		fmt.Println("the result arrives later")
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(payment.Status)
}

// gin.WrapH and echo.WrapHandler take the handler too.
func ExampleWebhookVerifier_Handler() {
	verifier, err := kopokopo.NewWebhookVerifier(kopokopo.WebhookVerifierOptions{APIKeys: []kopokopo.Secret{"my-api-key"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("POST /k2/results", verifier.Handler(func(_ context.Context, event *kopokopo.Event) error {
		fmt.Println(event.Topic)
		return nil
	}))

	body := `{"topic": "customer_created", "id": "1"}`
	signature, err := kopokopo.SignWebhook("my-api-key", []byte(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	request := httptest.NewRequest(http.MethodPost, "/k2/results", strings.NewReader(body))
	request.Header.Set(kopokopo.SignatureHeader, signature)
	response := httptest.NewRecorder()
	mux.ServeHTTP(response, request)
	fmt.Println(response.Code)
	// Output:
	// customer_created
	// 200
}

func ExampleAmount() {
	amount := kopokopo.Amount("100.50")
	units, err := amount.MinorUnits()
	fmt.Println(amount.Equal("100.500"), units, err)
	// Output: true 10050 <nil>
}

func ExamplePersonal() {
	phone := kopokopo.Personal("0712345678")
	fmt.Println(phone, string(phone)[:4])
	// Output: [redacted] 0712
}

func ExampleError() {
	client, err := kopokopo.NewClient(kopokopo.ClientOptions{ClientID: "id", ClientSecret: "secret", BaseURL: kopokopo.Ptr("http://127.0.0.1:9")})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.IncomingPayments().Create(context.Background(), kopokopo.IncomingPaymentRequest{
		TillNumber: "K000000", PhoneNumber: "0712345678", Amount: "0", CallbackURL: "https://shop.example/k2",
	})
	var failure *kopokopo.Error
	if errors.As(err, &failure) && errors.Is(err, kopokopo.ErrInvalidRequest) {
		fmt.Println(failure.Field, failure.Attempts)
	}
	// Output: amount 0
}
