// Command installed takes a payment from the sandbox that its argument is the program of, and verifies a webhook.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, k2 string) error {
	command := exec.Command(k2, "sandbox", "--json", "--exit-with-stdin")
	input, err := command.StdinPipe()
	if err != nil {
		return err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	defer func() {
		_ = input.Close()
		_ = command.Process.Kill()
		_ = command.Wait()
	}()
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		return err
	}
	var found struct {
		BaseURL      string          `json:"base_url"`
		ClientID     string          `json:"client_id"`
		ClientSecret kopokopo.Secret `json:"client_secret"`
		APIKey       kopokopo.Secret `json:"api_key"`
	}
	if err := json.Unmarshal(line, &found); err != nil {
		return err
	}
	client, err := kopokopo.NewClient(kopokopo.ClientOptions{
		ClientID: found.ClientID, ClientSecret: found.ClientSecret, APIKey: &found.APIKey, BaseURL: &found.BaseURL,
	})
	if err != nil {
		return err
	}
	push, err := client.IncomingPayments().Create(ctx, kopokopo.IncomingPaymentRequest{
		TillNumber: "K000000", PhoneNumber: "254700000001", Amount: "100", CallbackURL: "https://shop.example/k2/results",
	})
	if err != nil {
		return err
	}
	payment, err := push.Wait(ctx, kopokopo.WaitOptions{})
	if err != nil {
		return err
	}
	verifier, err := client.Webhooks()
	if err != nil {
		return err
	}
	body := []byte(`{"topic": "customer_created", "id": "1"}`)
	signature, err := kopokopo.SignWebhook(found.APIKey, body)
	if err != nil {
		return err
	}
	event, err := verifier.Verify(body, signature)
	if err != nil {
		return err
	}
	fmt.Println("kopokopo", kopokopo.Version(), payment.Status, payment.IsPaid, event.Topic)
	return nil
}
