package drivers

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kopokopo-sdk/kopokopo-go/internal/sandbox"
)

// readmeMain calls what the README has.
const readmeMain = `package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	_ "github.com/mattn/go-sqlite3"

	kopokopo "github.com/kopokopo-sdk/kopokopo-go"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	log.SetFlags(0)
	ctx := context.Background()
	client, err := kopokopo.NewClientFromEnv()
	check(err)
	db, err := sql.Open("sqlite3", os.Args[1])
	check(err)
	check(createTables(ctx, db))
	check(subscribe(ctx, client))
	check(takePayment(ctx, client))
	check(payWages(ctx, client, db))
	explain(ctx, client)
	handler, err := results(client, db)
	check(err)
	body, err := os.ReadFile(os.Args[2])
	check(err)
	signature, err := kopokopo.SignWebhook(kopokopo.Secret(os.Getenv("K2_API_KEY")), body)
	check(err)
	for _, signature := range []string{signature, signature, "forged"} {
		request := httptest.NewRequest(http.MethodPost, "/k2/results", bytes.NewReader(body))
		request.Header.Set(kopokopo.SignatureHeader, signature)
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		fmt.Println("status", response.Code)
	}
}
`

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadmeRuns(t *testing.T) {
	api := sandbox.Reset(t)
	var code strings.Builder
	for _, block := range regexp.MustCompile("(?ms)^```go\n(.*?)^```").FindAllStringSubmatch(readme(t), -1) {
		code.WriteString(block[1] + "\n")
	}
	folder := t.TempDir()
	var files []string
	for name, text := range map[string]string{"readme.go": strings.TrimSpace(code.String()) + "\n", "main.go": readmeMain} {
		files = append(files, filepath.Join(folder, name))
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	format := exec.Command("gofmt", "-l", filepath.Join(folder, "readme.go"))
	if output, err := format.CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("the code is not formatted: %s %v", output, err)
	}
	arguments := append(append([]string{"run"}, files...), filepath.Join(folder, "shop.db"), filepath.Join(sandbox.Root(), "tests/vectors/payloads/result-incoming-payment-success.json"))
	command := exec.Command("go", arguments...)
	command.Env = append(os.Environ(), api.Environment()...)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for _, expected := range []string{
		"paid: true\n", "sent once: true\n", "invalid_request amount", "order <nil> is paid: true\nstatus 200\nstatus 200\n", "status 401\n",
	} {
		if !strings.Contains(string(output), expected) {
			t.Errorf("%q is not in: %s", expected, output)
		}
	}
	if count := api.Count(t, "send_money.create"); count != 1 {
		t.Errorf("%d requests", count)
	}
}

func TestReadmeHasEachKindOfError(t *testing.T) {
	source, err := os.ReadFile("../errors_generated.go")
	if err != nil {
		t.Fatal(err)
	}
	text := readme(t)
	for _, kind := range regexp.MustCompile(`(?m)^\tKind(\w+) Kind = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		if !strings.Contains(text, "`Err"+kind[1]+"`") || !strings.Contains(text, "`"+kind[2]+"`") {
			t.Error(kind)
		}
	}
}
