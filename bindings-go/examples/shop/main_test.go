package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/kopokopo-sdk/kopokopo-go/internal/sandbox"
)

func TestShopCreditsAnOrderOnlyIfItIsPaid(t *testing.T) {
	api := sandbox.Reset(t)
	server := httptest.NewUnstartedServer(nil)
	handler, err := routes(api.Client(t), "http://"+server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	defer server.Close()
	for _, item := range []struct {
		order, phone string
		code         int
		status       string
	}{
		{"1", "254700000001", http.StatusAccepted, "paid"},
		{"1", "254700000001", http.StatusConflict, "paid"},
		{"2", "254700000002", http.StatusAccepted, "failed"},
		{"3", "no phone", http.StatusBadRequest, ""},
	} {
		response, err := http.PostForm(server.URL+"/pay", url.Values{"order": {item.order}, "phone": {item.phone}})
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != item.code {
			t.Fatalf("order %s: status %d", item.order, response.StatusCode)
		}
		deadline := time.Now().Add(2 * time.Minute)
		for found := "pending"; ; found = status(t, server.URL, item.order) {
			if found == item.status {
				break
			}
			if found != "pending" || time.Now().After(deadline) {
				t.Fatalf("order %s is %s", item.order, found)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	if count := api.Count(t, sandbox.Create); count != 2 {
		t.Errorf("%d requests", count)
	}
}

func status(t *testing.T, server, order string) string {
	t.Helper()
	response, err := http.Get(server + "/orders/" + order)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var found struct{ Status string }
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil {
		t.Fatal(err)
	}
	return found.Status
}
