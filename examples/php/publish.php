<?php
/**
 * Publishes one event from PHP, without extensions: order 7, or the order that the argument names, was paid. Prints its id.
 *
 *     php examples/php/publish.php 7
 */

declare(strict_types=1);

$url = getenv('TIDINGS_URL') ?: 'http://localhost:8787';
$key = getenv('TIDINGS_KEY') ?: 'local-publish-key-0123456789abcdef';
$order = (int) ($argv[1] ?? 7);

$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => [
        "Authorization: Bearer $key",
        'Content-Type: application/json',
        "Idempotency-Key: order-$order-paid",
    ],
    'content' => json_encode(['type' => 'order', 'data' => ['id' => $order, 'state' => 'paid']], JSON_THROW_ON_ERROR),
    'timeout' => 10,
    // Also read the body of an error, which says what is wrong.
    'ignore_errors' => true,
]]);

$body = @file_get_contents("$url/channels/orders/events", false, $context);
if ($body === false) fail(error_get_last()['message'] ?? 'There was no answer.');

$answer = json_decode($body, true);
// A problem (RFC 9457) has a detail instead of ids.
if (!isset($answer['ids'][0])) fail($answer['detail'] ?? "The answer was not tidings' own: $body");
echo $answer['ids'][0], "\n";

function fail(string $message): never
{
    fwrite(STDERR, "$message\n");
    exit(1);
}
