package auth

import (
	"errors"
	"strings"
	"testing"
)

func TestEmailKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		a, b string
		same bool
	}{
		"letter case of ASCII":                     {"Alice@Example.COM", "alice@example.com", true},
		"letter case beyond ASCII":                 {"MÜLLER@example.com", "müller@example.com", true},
		"Greek":                                    {"ΆΛΦΑ@example.com", "άλφα@example.com", true},
		"Cyrillic":                                 {"ИВАН@пример.рф", "иван@пример.рф", true},
		"composed and decomposed":                  {"mu\u0308ller@example.com", "m\u00fcller@example.com", true},
		"decomposed in the other case":             {"MU\u0308LLER@example.com", "m\u00fcller@example.com", true},
		"signs with a composed twin":               {"\u212bngstrom@example.com", "\u00e5ngstrom@example.com", true},
		"the dotless i is another letter":          {"ırmak@example.com", "irmak@example.com", false},
		"an accent is another letter":              {"muller@example.com", "müller@example.com", false},
		"a full-width letter is another":           {"ａlice@example.com", "alice@example.com", false},
		"a tag is part of the address":             {"alice+x@example.com", "alice@example.com", false},
		"a dot is part of the address":             {"a.lice@example.com", "alice@example.com", false},
		"spaces are part of what was typed":        {"alice@example.com ", "alice@example.com", false},
		"a dotted i is not one without":            {"İpek@example.com", "ipek@example.com", false},
		"nor when there are other letters":         {"İpék@example.com", "ipék@example.com", false},
		"a dotted i of two characters is one too":  {"I\u0307pek@example.com", "ipek@example.com", false},
		"the Kelvin sign is no k":                  {"\u212aelvin@example.com", "kelvin@example.com", false},
		"a ligature is not its letters":            {"oﬃce@example.com", "office@example.com", false},
		"Cherokee, whose small letters came later": {"ꭰ@example.com", "Ꭰ@example.com", true},
		"a letter that no other case matches":      {"straße@example.com", "strasse@example.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := EmailKey(test.a) == EmailKey(test.b); got != test.same {
				t.Errorf("%q and %q are the same: %v, want %v", test.a, test.b, got, test.same)
			}
		})
	}
}

func TestEmailKeyOfAKeyIsItself(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"Alice@Example.com", "MU\u0308LLER@x", "İpek@x", "I\u0307pek@x", "ΣΑΣ@x", "ǅ@x", "\xff@x", "\u0345Ά@x", "ẞ@x"} {
		if key := EmailKey(email); EmailKey(key) != key {
			t.Errorf("%q: the key %q has another key, %q", email, key, EmailKey(key))
		}
	}
}

// What is longer than any address is not composed: that takes long.
func TestEmailKeyOfWhatIsLongerThanAnyAddressIsItself(t *testing.T) {
	t.Parallel()
	long := "E" + strings.Repeat("\u0301", MaxEmailLength)
	if EmailKey(long) != long || EmailKey(long[:MaxEmailLength]) == long[:MaxEmailLength] {
		t.Error("it was composed, or what is as long was not")
	}
}

func TestFullName(t *testing.T) {
	t.Parallel()
	for want, user := range map[string]User{
		"Alice Liddell": {FirstName: "Alice", LastName: "Liddell"},
		"Alice":         {FirstName: "Alice"},
		"Liddell":       {LastName: "Liddell"},
		"":              {},
	} {
		if got := user.FullName(); got != want {
			t.Errorf("%+v: %q, want %q", user, got, want)
		}
	}
}

func TestPasswordMark(t *testing.T) {
	t.Parallel()
	const encoded = "argon2$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$ZGlnZXN0"
	mark := PasswordMark(encoded)
	if len(mark) != 32 || strings.Contains(encoded, mark) {
		t.Errorf("the mark is %q", mark)
	}
	if mark != PasswordMark(encoded) || mark == PasswordMark(encoded+"x") || mark == PasswordMark("") {
		t.Error("marks do not tell passwords apart")
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("the cause")
	for code, err := range map[Code]error{
		CodeUnavailable:            Unavailable(cause),
		CodeBusy:                   Busy(cause),
		CodeInvalidToken:           InvalidToken(cause),
		CodeInvalidCredentials:     InvalidCredentials(cause),
		CodeInvalid:                errors.Join(Invalid(FieldError{"email", "no"}), cause),
		CodeAuthenticationRequired: errors.Join(cause, AuthenticationRequired()),
		"":                         cause,
	} {
		if got := ErrorCode(err); got != code {
			t.Errorf("%v has code %q, want %q", err, got, code)
		}
		if !errors.Is(err, cause) || !strings.Contains(err.Error(), "the cause") {
			t.Errorf("%q: the log does not learn the cause", code)
		}
		var named *Error
		if errors.As(err, &named) && strings.Contains(named.Detail, "cause") {
			t.Errorf("%q: the answer tells the cause", code)
		}
	}
	if ErrorCode(nil) != "" {
		t.Error("nil has a code")
	}
}

func TestTrimEmail(t *testing.T) {
	t.Parallel()
	const alice = "alice@example.com"
	for name, around := range map[string]string{
		"nothing": "", "a space": " ", "a tab": "\t", "a line end": "\r\n", "a no-break space": "\u00a0", "a narrow one": "\u202f",
		"an ideographic space": "\u3000", "a zero-width space": "\u200b", "a joiner": "\u200d", "a word joiner": "\u2060",
		"a byte order mark": "\ufeff", "a direction mark": "\u200e", "an embedding": "\u202a", "an isolate": "\u2068", "several": " \ufeff\t\u00a0",
	} {
		for _, typed := range []string{around + alice, alice + around, around + alice + around} {
			if got := TrimEmail(typed); got != alice {
				t.Errorf("%s: %q becomes %q", name, typed, got)
			}
		}
	}
	for _, kept := range []string{"", "al ice@example.com", "al\u200bice@example.com", "\x00alice", "é@example.com", "\xff@example.com"} {
		if got := TrimEmail(kept); got != kept {
			t.Errorf("%q becomes %q", kept, got)
		}
	}
}

func TestPasswordLength(t *testing.T) {
	t.Parallel()
	for password, fine := range map[string]bool{
		"": true, strings.Repeat("a", MaxPasswordLength): true, strings.Repeat("a", MaxPasswordLength+1): false,
		strings.Repeat("🗝", MaxPasswordLength): true, strings.Repeat("🗝", MaxPasswordLength+1): false,
		strings.Repeat("\xff", MaxPasswordLength+1): false,
	} {
		err := CheckPasswordLength("password", password)
		if (err == nil) != fine {
			t.Errorf("of %d bytes: %v", len(password), err)
		}
		if named, ok := errors.AsType[*Error](err); !fine && (!ok || named.Code != CodeInvalid || named.Fields[0].Field != "password") {
			t.Errorf("answers %v", err)
		}
	}
}
