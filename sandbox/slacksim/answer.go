package slacksim

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// answer is an HTTP answer held back until the faults have had their say.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	changed bool
}

func jsonAnswer(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		body = []byte(`{"ok":false,"error":"internal_error"}`)
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json; charset=utf-8")
	return answer{status: status, header: h, body: body}
}

func textAnswer(status int, text string) answer {
	h := http.Header{}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	return answer{status: status, header: h, body: []byte(text)}
}

func htmlAnswer(status int) answer {
	h := http.Header{}
	h.Set("Content-Type", "text/html; charset=utf-8")
	return answer{status: status, header: h, body: []byte("<!DOCTYPE html><html><head><title>" +
		http.StatusText(status) + "</title></head><body><h1>" + strconv.Itoa(status) + "</h1></body></html>\n")}
}

func (a answer) head(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status)
}

func (a answer) write(w http.ResponseWriter) {
	a.head(w)
	_, _ = w.Write(a.body) // the client may have gone; there is nobody to tell
}

// apiError is Slack's ok:false.
type apiError struct {
	code     string
	messages []string       // for response_metadata.messages, without the [ERROR] prefix
	pointers bool           // also put the messages into errors, as chat methods do for blocks
	more     map[string]any // further fields
	status   int            // HTTP status when it is not 200
	header   http.Header
}

func (e *apiError) Error() string { return e.code }

func fail(code string) *apiError { return &apiError{code: code} }

func badArgs(messages ...string) *apiError {
	return &apiError{code: "invalid_arguments", messages: messages}
}

func (e *apiError) answer() answer {
	body := map[string]any{"ok": false, "error": e.code}
	for k, v := range e.more {
		body[k] = v
	}
	if len(e.messages) > 0 {
		marked := make([]string, len(e.messages))
		for i, m := range e.messages {
			marked[i] = "[ERROR] " + m
		}
		body["response_metadata"] = map[string]any{"messages": marked}
		if e.pointers {
			body["errors"] = e.messages
		}
	}
	status := e.status
	if status == 0 {
		status = http.StatusOK
	}
	a := jsonAnswer(status, body)
	for k, v := range e.header {
		a.header[k] = v
	}
	return a
}
