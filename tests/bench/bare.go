package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver, without cgo
)

// bareSecret signs the bare handler's tokens.
const bareSecret = "Qx1VkT9v2LqXw7ZpR4nB8sYdF1hJ6mC3gA0e"

// bareUser is the row that the bare handler reads and answers.
type bareUser struct {
	bun.BaseModel `bun:"table:users_user,alias:u"`

	ID          int64      `bun:"id,pk"         json:"id"`
	Password    string     `bun:"password"      json:"-"`
	LastLogin   *time.Time `bun:"last_login"    json:"last_login"`
	IsSuperuser bool       `bun:"is_superuser"  json:"is_superuser"`
	FirstName   string     `bun:"first_name"    json:"first_name"`
	LastName    string     `bun:"last_name"     json:"last_name"`
	IsStaff     bool       `bun:"is_staff"      json:"is_staff"`
	IsActive    bool       `bun:"is_active"     json:"is_active"`
	DateJoined  time.Time  `bun:"date_joined"   json:"date_joined"`
	Email       string     `bun:"email"         json:"email"`
}

// bareServer is what somebody writes who wants no more than a token checked and
// a row read.
func bareServer(args []string) int {
	flags := flag.NewFlagSet("bare", flag.ExitOnError)
	addr := flags.String("addr", "", "address to listen on")
	logs := flags.Bool("log", true, "log each request")
	_ = flags.Parse(args) // exits
	db, err := openBare(os.Getenv("LATCHKEY_DATABASE_URL"))
	if err != nil {
		return fail(err)
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return fail(err)
	}
	server := &http.Server{Handler: bareHandler(db, *logs), ReadHeaderTimeout: 5 * time.Second}
	return serveUntilTold(func() error { return server.Serve(listener) }, server.Close)
}

func bareHandler(db *bun.DB, logs bool) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	if logs {
		engine.Use(logLike(slog.New(slog.NewJSONHandler(os.Stderr, nil))))
	}
	engine.GET("/health", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}))
	key := func(*jwt.Token) (any, error) { return []byte(bareSecret), nil }
	engine.POST("/session/", func(c *gin.Context) {
		raw := strings.TrimPrefix(c.GetHeader("Authorization"), "Bearer ")
		var claims jwt.RegisteredClaims
		if _, err := parser.ParseWithClaims(raw, &claims, key); err != nil {
			c.AbortWithStatus(http.StatusUnauthorized)
			return
		}
		id, err := strconv.ParseInt(claims.Subject, 10, 64)
		if err != nil {
			c.AbortWithStatus(http.StatusUnauthorized)
			return
		}
		var user bareUser
		if err := db.NewSelect().Model(&user).Where("id = ?", id).Scan(c.Request.Context()); err != nil {
			c.AbortWithStatus(http.StatusInternalServerError)
			return
		}
		c.JSON(http.StatusOK, gin.H{"access_token": raw, "token_type": "Bearer", "user": user})
	})
	return engine
}

// logLike writes what latchkey writes for each request, without the two random
// ids.
func logLike(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		began := time.Now()
		c.Next()
		log.LogAttrs(c.Request.Context(), slog.LevelInfo, "request",
			slog.String("method", c.Request.Method),
			slog.String("path", c.Request.URL.Path),
			slog.Int("status", c.Writer.Status()),
			slog.Int("bytes", c.Writer.Size()),
			slog.Float64("ms", float64(time.Since(began).Microseconds())/1000),
			slog.String("client", c.Request.RemoteAddr),
		)
	}
}

// openBare opens the database as package repo does: the same driver, the same
// settings, the same number of (reading) connections.
func openBare(databaseURL string) (*bun.DB, error) {
	if path, ok := strings.CutPrefix(databaseURL, "sqlite://"); ok {
		options := url.Values{"_time_format": {"sqlite"}, "_pragma": {
			"query_only(1)", "busy_timeout(3000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		}}
		db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options.Encode()}).String())
		if err != nil {
			return nil, fmt.Errorf("opening SQLite: %w", err)
		}
		conns := max(4, 2*runtime.GOMAXPROCS(0))
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
		return bun.NewDB(db, sqlitedialect.New()), nil
	}
	cfg, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("reading the database URL: %w", err)
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	bunDB := bun.NewDB(db, pgdialect.New())
	return bunDB, bunDB.PingContext(context.Background())
}

// bareToken returns a token for a user that is good for a day.
func bareToken(userID int64) string {
	now := time.Now()
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject:   strconv.FormatInt(userID, 10),
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(now.Add(24 * time.Hour)),
	}).SignedString([]byte(bareSecret))
	if err != nil {
		panic(err) // a string of bytes is a key
	}
	return signed
}
