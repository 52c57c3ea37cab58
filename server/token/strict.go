package token

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The types of an access token. New ones say typeAccessToken (RFC 9068, section 2.1),
// which keeps another kind of JWT of the same key from passing for one. Tokens signed
// with the secret said typeJWT before, and those stay good.
const (
	typeAccessToken = "at+jwt"
	typeJWT         = "JWT"
)

// The names that mean something here. encoding/json, which reads a token after
// [checkForm], takes a name in another letter case for the same one.
var (
	headerNames = []string{"alg", "kid", "typ"}
	claimNames  = []string{"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "sid", "client_id"}
)

// changesMeaning are header parameters that ask for something which nobody here does:
// extensions that must be understood (RFC 7515, section 4.1.11), a payload that is not
// encoded (RFC 7797), a compressed one (RFC 7516, section 4.1.3).
var changesMeaning = []string{"crit", "b64", "zip"}

var (
	errNotAToken = errors.New("it is not a token in three parts of JSON")
	errSpelling  = errors.New("a name in the token is spelt in another letter case")
	errMeaning   = errors.New("the token's header asks for what is not done here")
)

// checkForm refuses a token that two readers could understand differently, before its
// signature is looked at: line breaks, which Go's base64 passes over, members that occur
// twice, or whose names differ from ours in letter case alone.
func checkForm(raw string) error {
	if strings.ContainsAny(raw, "\r\n") {
		return errors.New("the token has line breaks")
	}
	header, rest, _ := strings.Cut(raw, ".")
	payload, _, _ := strings.Cut(rest, ".")
	if err := checkMembers(header, slices.Concat(headerNames, changesMeaning)); err != nil {
		return err
	}
	return checkMembers(payload, claimNames)
}

// checkMembers looks at the names of the object that a part of a token holds. By itself
// jsontext refuses a name that occurs twice, at every depth, and text that is not UTF-8.
func checkMembers(part string, known []string) error {
	text, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return errNotAToken
	}
	decoder := jsontext.NewDecoder(bytes.NewBuffer(text))
	if begin, err := decoder.ReadToken(); err != nil || begin.Kind() != '{' {
		return errNotAToken
	}
	for decoder.PeekKind() == '"' {
		name, err := decoder.ReadToken()
		if err != nil {
			return errNotAToken
		}
		if err := checkName(name.String(), known); err != nil {
			return err
		}
		if err := decoder.SkipValue(); err != nil {
			return errNotAToken
		}
	}
	if _, err := decoder.ReadToken(); err != nil { // the object's end
		return errNotAToken
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errNotAToken
	}
	return nil
}

func checkName(name string, known []string) error {
	for _, each := range known {
		switch {
		case name == each && slices.Contains(changesMeaning, name):
			return errMeaning
		case name != each && strings.EqualFold(name, each): // as encoding/json folds: ſub is sub
			return errSpelling
		}
	}
	return nil
}
