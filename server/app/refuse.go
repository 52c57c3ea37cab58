package app

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/problem"
	"github.com/latchkey-auth/latchkey/server/reqctx"
	"github.com/latchkey-auth/latchkey/server/web"
)

// refuser answers a request that goes no further with a status.
type refuser func(w http.ResponseWriter, r *http.Request, status int)

// refuseBy answers a person with a page, and a program with a problem document.
func refuseBy(site *web.Site) refuser {
	return func(w http.ResponseWriter, r *http.Request, status int) {
		// What is left of the body is not waited for.
		if endBody(w, r); status == http.StatusRequestTimeout || status == http.StatusRequestEntityTooLarge {
			w.Header().Set("Connection", "close")
		}
		if !strings.Contains(r.Header.Get("Accept"), "text/html") || isAPI(r.URL.Path) {
			writeProblem(w, r, status)
			return
		}
		setRetryAfter(w.Header(), status)
		site.Refusal(status).ServeHTTP(w, r)
	}
}

// refusalCodes are what a problem document calls a refusal; the sentence is the page's.
var refusalCodes = map[int]auth.Code{
	http.StatusMethodNotAllowed:      problem.CodeMethodNotAllowed,
	http.StatusRequestTimeout:        auth.CodeInvalid,
	http.StatusRequestEntityTooLarge: problem.CodeBodyTooLarge,
	http.StatusTooManyRequests:       auth.CodeBusy,
	http.StatusServiceUnavailable:    auth.CodeBusy,
	http.StatusGatewayTimeout:        auth.CodeUnavailable,
}

func writeProblem(w http.ResponseWriter, r *http.Request, status int) {
	body, err := json.Marshal(map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status,
		"detail": web.RefusalDetail(status), "code": refusalCodes[status], "request_id": reqctx.From(r.Context()).ID,
	})
	if err != nil { // of strings and a number: never
		body = nil
	}
	setRetryAfter(w.Header(), status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // whoever has hung up reads nothing
}

// setRetryAfter says when to try again where waiting helps, in seconds.
func setRetryAfter(header http.Header, status int) {
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout {
		header.Set("Retry-After", "1")
	}
}
