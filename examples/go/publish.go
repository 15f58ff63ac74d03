// Publishes one event from Go: order 7, or the order that the argument names, was paid. Prints the event's id.
//
//	go run examples/go/publish.go 7
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

// The service's answer: ids, or a problem (RFC 9457) with a detail.
type answer struct {
	IDs    []string `json:"ids"`
	Detail string   `json:"detail"`
}

func main() {
	order := "7"
	if len(os.Args) > 1 {
		order = os.Args[1]
	}
	event := map[string]any{"type": "order", "data": map[string]any{"id": json.Number(order), "state": "paid"}}
	id, err := publish("orders", event, "order-"+order+"-paid")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(id)
}

func publish(channel string, event any, idempotencyKey string) (string, error) {
	body, err := json.Marshal(event)
	if err != nil {
		return "", err
	}
	url := setting("TIDINGS_URL", "http://localhost:8787") + "/channels/" + channel + "/events"
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+setting("TIDINGS_KEY", "local-publish-key-0123456789abcdef"))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", idempotencyKey)

	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()

	var said answer
	err = json.NewDecoder(response.Body).Decode(&said)
	switch {
	case err == nil && len(said.IDs) > 0:
		return said.IDs[0], nil
	case err == nil && said.Detail != "":
		return "", errors.New(said.Detail)
	default:
		return "", errors.New("the answer was not tidings' own: " + response.Status)
	}
}

func setting(name, local string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return local
}
