package app

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/lmittmann/tint"
	"golang.org/x/term"

	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// NewLog writes a log for a person where w is a terminal, and JSON elsewhere.
// Lines that are written for a request carry its id.
func NewLog(w io.Writer, level slog.Level) *slog.Logger {
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return slog.New(withRequestID{tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly, ReplaceAttr: quoteOrders})})
	}
	return slog.New(withRequestID{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})})
}

// quoteOrders makes visible what a terminal would obey: a path may hold it.
func quoteOrders(_ []string, attr slog.Attr) slog.Attr {
	if attr.Value.Kind() == slog.KindString && strings.ContainsFunc(attr.Value.String(), unicode.IsControl) {
		// Once more than it needs: tint takes one layer of quotes off.
		attr.Value = slog.StringValue(strings.ReplaceAll(strconv.QuoteToASCII(attr.Value.String()), `\x1b`, `\u001b`))
	}
	return attr
}

type withRequestID struct{ slog.Handler }

func (h withRequestID) Handle(ctx context.Context, record slog.Record) error {
	if id := reqctx.From(ctx).ID; id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h withRequestID) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withRequestID{h.Handler.WithAttrs(attrs)}
}

func (h withRequestID) WithGroup(name string) slog.Handler {
	return withRequestID{h.Handler.WithGroup(name)}
}
