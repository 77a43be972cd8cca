package kopokopo_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
)

// patient makes a client that waits also on a busy machine.
func patient(t *testing.T, client *kopokopo.Client) *kopokopo.Client {
	t.Helper()
	found, err := client.WithOptions(kopokopo.CallOptions{
		Timeout: 8 * time.Minute, ConnectTimeout: 8 * time.Minute, StalledTimeout: 8 * time.Minute, MaxRetries: kopokopo.Ptr(uint32(0)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func created(response http.ResponseWriter, request *http.Request) {
	response.Header().Set("Location", "http://"+request.Host+"/api/v2/incoming_payments/42")
	response.WriteHeader(http.StatusCreated)
}

// The goroutines wait for their calls at the same time. A limited number of them has a connection.
func TestManyGoroutinesCallAtTheSameTime(t *testing.T) {
	var signed atomic.Int32
	client, count := api(t, created)
	client = patient(t, client)
	body := sample(t)
	signature := sign(t, body)
	verifier := newVerifier(t, 1<<20)
	connections := make(chan struct{}, 64)
	var group sync.WaitGroup
	for range manyGoroutines {
		group.Add(1)
		go func() {
			defer group.Done()
			if _, err := verifier.Verify(body, signature); err != nil {
				t.Error(err)
				return
			}
			signed.Add(1)
			connections <- struct{}{}
			defer func() { <-connections }()
			if _, err := client.IncomingPayments().Create(t.Context(), push()); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
	if signed.Load() != manyGoroutines || count.Load() != manyGoroutines {
		t.Fatalf("%d verified, %d sent", signed.Load(), count.Load())
	}
}

func TestManyGoroutinesWaitForOneTokenSource(t *testing.T) {
	release := make(chan struct{})
	var asked atomic.Int32
	source := kopokopo.TokenSourceFunc(func(context.Context) (kopokopo.AccessToken, error) {
		asked.Add(1)
		<-release
		return kopokopo.AccessToken{}, errors.New("no token")
	})
	client, err := kopokopo.NewClientWithTokenSource(source, kopokopo.TokenSourceOptions{BaseURL: kopokopo.Ptr("http://127.0.0.1:9")})
	if err != nil {
		t.Fatal(err)
	}
	client = patient(t, client)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var failures atomic.Int32
	for range manyGoroutines {
		group.Add(1)
		go func() {
			defer group.Done()
			if _, err := client.IncomingPayments().Get(ctx, "42"); errors.Is(err, context.Canceled) {
				failures.Add(1)
			}
		}()
	}
	for asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	group.Wait()
	close(release)
	if failures.Load() != manyGoroutines {
		t.Fatalf("%d calls were cancelled", failures.Load())
	}
}

// A context that ends while the create is sent must end in one request, and never in an error that says that nothing was sent
// although something was.
func TestContextThatEndsAtAnyTimeSendsAtMostOnce(t *testing.T) {
	logged(t)
	var sent sync.Map
	client, _ := api(t, func(response http.ResponseWriter, request *http.Request) {
		number, _ := sent.LoadOrStore(request.Header.Get("User-Agent"), new(atomic.Int32))
		number.(*atomic.Int32).Add(1)
		created(response, request)
	})
	var unknown, cancelled, done int
	for at := range 200 {
		own, err := kopokopo.NewClient(kopokopo.ClientOptions{
			ClientID: "id", ClientSecret: "secret", BaseURL: kopokopo.Ptr(client.BaseURL()), Product: kopokopo.Ptr(fmt.Sprintf("shop-%d/1.0", at)),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(at)*50*time.Microsecond)
		_, err = own.IncomingPayments().Create(ctx, push())
		cancel()
		switch {
		case err == nil:
			done++
		case errors.Is(err, kopokopo.ErrOutcomeUnknown):
			unknown++
		case errors.Is(err, context.DeadlineExceeded):
			cancelled++
		default:
			t.Fatal(err)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			// What was given up before it was sent is not sent later.
			time.Sleep(2 * time.Millisecond)
			sent.Range(func(name, _ any) bool {
				if found := name.(string); found[:len(fmt.Sprintf("shop-%d/", at))] == fmt.Sprintf("shop-%d/", at) {
					t.Errorf("%s was sent, and the error is %v", found, err)
				}
				return true
			})
		}
	}
	sent.Range(func(name, count any) bool {
		if count.(*atomic.Int32).Load() != 1 {
			t.Errorf("%s sent %d requests", name, count.(*atomic.Int32).Load())
		}
		return true
	})
	t.Logf("%d unknown, %d cancelled, %d done", unknown, cancelled, done)
}

func TestCallsLeaveNoGoroutines(t *testing.T) {
	logged(t)
	release := make(chan struct{})
	client, _ := api(t, func(http.ResponseWriter, *http.Request) { <-release })
	before := runtime.NumGoroutine()
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		_, _ = client.IncomingPayments().Create(ctx, push())
		for range client.IncomingPayments().Watch(ctx, "42", kopokopo.WaitOptions{}) {
			continue
		}
		cancel()
	}
	close(release)
	deadline := time.Now().Add(time.Minute)
	// Those of the server end when their connections do.
	for runtime.NumGoroutine() > before+10 {
		if time.Now().After(deadline) {
			stack := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, before %d\n%s", runtime.NumGoroutine(), before, stack[:runtime.Stack(stack, true)])
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Objects are freed with their last reference, also while calls of them are under way.
func TestObjectsAreFreedWhileTheirCallsRun(t *testing.T) {
	client, count := api(t, created)
	var group sync.WaitGroup
	for range 50 {
		group.Add(1)
		go func() {
			defer group.Done()
			own, err := client.WithOptions(kopokopo.CallOptions{Timeout: 5 * time.Minute})
			if err != nil {
				t.Error(err)
				return
			}
			payments := own.IncomingPayments()
			own = nil
			runtime.GC()
			if _, err := payments.Create(t.Context(), push()); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
	if count.Load() != 50 {
		t.Fatal(count.Load())
	}
}
