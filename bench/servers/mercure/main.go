// A Mercure hub as its library's guide has it: in memory or, where a file is named, with a history in Bolt.
package main

import (
	"context"
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/dunglas/mercure"
)

// Usage: mercure ADDRESS KEY [BOLT_FILE]
func main() {
	address, key := os.Args[1], []byte(os.Args[2])
	options := []mercure.Option{
		mercure.WithAnonymous(),
		mercure.WithPublisherJWT(key, "HS256"),
		mercure.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))),
	}
	if len(os.Args) > 3 {
		subscribers := mercure.NewSubscriberList(mercure.DefaultSubscriberListCacheSize)
		bolt, err := mercure.NewBoltTransport(subscribers, slog.Default(), os.Args[3], "", 100_000, mercure.BoltDefaultCleanupFrequency)
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, mercure.WithTransport(bolt))
	}
	hub, err := mercure.NewHub(context.Background(), options...)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(address, hub))
}
