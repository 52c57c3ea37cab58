package repotest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/latchkey-auth/latchkey/server/auth"
)

var lookUps = []contractTest{
	{"a user is found by exactly the address", func(t *testing.T, f fixture) {
		want := f.insert(t, "Mixed.Case@Example.com", "x")
		if got := f.reread(t, want); got.ID != want.ID || got.Email != want.Email {
			t.Errorf("finds %+v", got)
		}
	}},
	{"the only user whose address differs in case is found by any spelling", func(t *testing.T, f fixture) {
		want := f.insert(t, "Mixed.Case@Example.com", "x")
		f.insert(t, "another@example.com", "x")
		for _, spelling := range []string{"mixed.case@example.com", "MIXED.CASE@EXAMPLE.COM", "mIXED.cASE@eXAMPLE.com"} {
			if got, err := f.UserByEmail(t.Context(), spelling); err != nil || got.ID != want.ID {
				t.Errorf("%s: %+v, %v", spelling, got, err)
			}
		}
	}},
	{"an address that nobody has is nobody's", func(t *testing.T, f fixture) {
		f.insert(t, "alice@example.com", "x")
		for _, email := range []string{"", "alice", "bob@example.com", "alice@example.com ", " alice@example.com", "alice@example.co", "%", "a%", "alice_example.com", "alice@example.com' OR '1'='1"} {
			_, err := f.UserByEmail(t.Context(), email)
			mustBe(t, err, auth.ErrNoRow)
		}
	}},
	{"of twins each is found by its own spelling, and nobody by a third", func(t *testing.T, f fixture) {
		lower, upper := f.insert(t, "dupcase@example.com", "lower"), f.insert(t, "DupCase@example.com", "upper")
		if got := f.reread(t, lower); got.ID != lower.ID || got.Password != "lower" {
			t.Errorf("the lower one is %+v", got)
		}
		if got := f.reread(t, upper); got.ID != upper.ID || got.Password != "upper" {
			t.Errorf("the upper one is %+v", got)
		}
		for _, third := range []string{"DUPCASE@example.com", "dupCase@example.com", "dupcase@EXAMPLE.com"} {
			_, err := f.UserByEmail(t.Context(), third)
			mustBe(t, err, auth.ErrNoRow)
		}
	}},
	{"of more twins than anybody counts it is the same", func(t *testing.T, f fixture) {
		for i := range 40 {
			f.insert(t, spelled("many.twins.of.one@example.com", i), fmt.Sprint(i))
		}
		for i := range 40 {
			if got, err := f.UserByEmail(t.Context(), spelled("many.twins.of.one@example.com", i)); err != nil || got.Password != fmt.Sprint(i) {
				t.Errorf("twin %d: %+v, %v", i, got, err)
			}
		}
		_, err := f.UserByEmail(t.Context(), "MANY.TWINS.OF.ONE@example.COM")
		mustBe(t, err, auth.ErrNoRow)
	}},
	{"twins beyond ASCII are twins too", func(t *testing.T, f fixture) {
		f.insert(t, "müller@example.com", "lower")
		f.insert(t, "MÜLLER@example.com", "upper")
		_, err := f.UserByEmail(t.Context(), "Müller@example.com")
		mustBe(t, err, auth.ErrNoRow)
		if got, err := f.UserByEmail(t.Context(), "MÜLLER@example.com"); err != nil || got.Password != "upper" {
			t.Errorf("finds %+v, %v", got, err)
		}
	}},
	{"an inactive user is found: whoever asks decides", func(t *testing.T, f fixture) {
		user := f.insert(t, "inactive@example.com", "x")
		f.exec(t, "UPDATE users_user SET is_active = false WHERE id = $1", user.ID)
		if got := f.reread(t, user); got.IsActive {
			t.Error("is active")
		}
	}},
}

// spelled returns the i-th spelling of an address, by the bits of i.
func spelled(email string, i int) string {
	spelling := []byte(email)
	for at, c := range spelling {
		if c < 'a' || c > 'z' {
			continue
		}
		if i&1 == 1 {
			spelling[at] = c - 'a' + 'A'
		}
		i >>= 1
	}
	return string(spelling)
}

var creations = []contractTest{
	{"a new user is stored with everything, and gets an id", func(t *testing.T, f fixture) {
		lastLogin := noon.Add(time.Hour)
		want := auth.User{
			Email: "new@example.com", Password: "pbkdf2_sha256$1$salt$digest", FirstName: "Ada", LastName: "Lovelace",
			IsStaff: true, IsActive: true, IsSuperuser: true, LastLogin: &lastLogin, DateJoined: noon,
		}
		must(t, f.CreateUser(t.Context(), &want))
		if want.ID == 0 {
			t.Error("it has no id")
		}
		got := f.reread(t, want)
		if got.LastLogin == nil || !got.LastLogin.Equal(lastLogin) {
			t.Errorf("last_login is %v", got.LastLogin)
		}
		got.LastLogin, want.LastLogin = nil, nil
		if got != want {
			t.Errorf("%+v became %+v", want, got)
		}
	}},
	{"a new user need not be staff, active, or ever have logged in", func(t *testing.T, f fixture) {
		want := auth.User{Email: "new@example.com", DateJoined: noon}
		must(t, f.CreateUser(t.Context(), &want))
		if got := f.reread(t, want); got != want {
			t.Errorf("%+v became %+v", want, got)
		}
	}},
	{"ids differ", func(t *testing.T, f fixture) {
		if f.create(t, "a@example.com").ID == f.create(t, "b@example.com").ID {
			t.Error("two users have one id")
		}
	}},
	{"an address that is taken is refused, in every letter case", func(t *testing.T, f fixture) {
		f.insert(t, "Taken@Example.com", "x")
		for _, email := range []string{"Taken@Example.com", "taken@example.com", "TAKEN@EXAMPLE.COM"} {
			user := auth.User{Email: email, DateJoined: noon}
			mustBe(t, f.CreateUser(t.Context(), &user), auth.ErrTaken)
			if user.ID != 0 {
				t.Error("it was given an id")
			}
		}
		if n := f.count(t, "SELECT count(*) FROM users_user"); n != 1 {
			t.Errorf("there are %d users", n)
		}
	}},
	{"an address that twins have is refused in a third spelling", func(t *testing.T, f fixture) {
		f.insert(t, "dupcase@example.com", "x")
		f.insert(t, "DupCase@example.com", "x")
		mustBe(t, f.CreateUser(t.Context(), &auth.User{Email: "DUPCASE@example.com", DateJoined: noon}), auth.ErrTaken)
	}},
	{"of twenty who take one address at once, one gets it", func(t *testing.T, f fixture) {
		answers := atOnce(20, func(int) error {
			return f.CreateUser(t.Context(), &auth.User{Email: "wanted@example.com", DateJoined: noon})
		})
		exactlyOneGotIt(t, f, answers)
	}},
	{"of twenty who take one address in twenty spellings at once, one gets it", func(t *testing.T, f fixture) {
		answers := atOnce(20, func(i int) error {
			return f.CreateUser(t.Context(), &auth.User{Email: spelled("wanted@example.com", i), DateJoined: noon})
		})
		exactlyOneGotIt(t, f, answers)
	}},
	{"of twenty who take one address beyond ASCII at once, one gets it", func(t *testing.T, f fixture) {
		spellings := []string{"müller@example.com", "MÜLLER@example.com", "mu\u0308ller@example.com", "MU\u0308LLER@example.com"}
		answers := atOnce(20, func(i int) error {
			return f.CreateUser(t.Context(), &auth.User{Email: spellings[i%len(spellings)], DateJoined: noon})
		})
		exactlyOneGotIt(t, f, answers)
	}},
}

func exactlyOneGotIt(t *testing.T, f fixture, answers []error) {
	t.Helper()
	ok, taken, others := tally(answers, auth.ErrTaken)
	if ok != 1 || taken != len(answers)-1 || len(others) > 0 {
		t.Errorf("%d got it, for %d it was taken; %v", ok, taken, others)
	}
	if n := f.count(t, "SELECT count(*) FROM users_user"); n != 1 {
		t.Errorf("there are %d users", n)
	}
}

// Addresses with letters beyond ASCII: one as it is stored and one as it is
// typed. No database's lower() can be trusted with them.
var beyondASCII = []struct{ name, stored, typed string }{
	{"a small umlaut by a capital one", "müller", "MÜLLER"},
	{"a capital umlaut by a small one", "MÜLLER", "müller"},
	{"several, each in the other case", "ÜNïCöDÉ", "üNÏcÖdé"},
	{"four Greek letters", "ΆΛΦΑ", "άλφα"},
	{"a Greek name with a capital", "Αλέξανδρος", "αλέξανδρος"},
	{"a Greek name in capitals, by small letters", "ΑΛΕΞΑΝΔΡΑ", "αλεξανδρα"},
	{"a Russian name with capitals", "Пётр.Иванов", "пётр.иванов"},
	{"a Russian name without, by capitals", "пётр.иванов", "Пётр.Иванов"},
	{"a Russian name by another mixture", "Пётр.Иванов", "пЁТР.иВАНОВ"},
	{"composed letters by decomposed ones", "m\u00fcller-c", "mu\u0308ller-c"},
	{"decomposed letters by composed ones", "mu\u0308ller-d", "m\u00fcller-d"},
	{"decomposed letters in the other case", "MU\u0308LLER-e", "mu\u0308ller-e"},
	{"a capital sharp s by a small one", "STRAẞE", "straße"},
	{"a letter of two, with a capital", "ǅep", "ǆep"},
}

var unicodeEmails = []contractTest{
	{"addresses beyond ASCII are found in either case", func(t *testing.T, f fixture) {
		for i, pair := range beyondASCII {
			at := fmt.Sprintf("@%d.example.com", i)
			if auth.EmailKey(pair.stored) != auth.EmailKey(pair.typed) {
				t.Fatalf("%s: not the same address", pair.name)
			}
			want := f.insert(t, pair.stored+at, "x")
			if got, err := f.UserByEmail(t.Context(), pair.typed+at); err != nil || got.ID != want.ID {
				t.Errorf("%s: %s is stored, and by %s found: user %d, %v", pair.name, pair.stored, pair.typed, got.ID, err)
			}
		}
	}},
	{"new twins beyond ASCII are refused", func(t *testing.T, f fixture) {
		for i, pair := range beyondASCII {
			at := fmt.Sprintf("@%d.example.com", i)
			f.insert(t, pair.stored+at, "x")
			if err := f.CreateUser(t.Context(), &auth.User{Email: pair.typed + at, DateJoined: noon}); err == nil {
				t.Errorf("%s: %s is stored, and %s too", pair.name, pair.stored, pair.typed)
			} else {
				mustBe(t, err, auth.ErrTaken)
			}
		}
	}},
	{"letters that only look alike are others", func(t *testing.T, f fixture) {
		for i, pair := range [][2]string{
			{"ırmak", "irmak"}, {"irmak", "ırmak"}, {"IRMAK", "ırmak"}, {"müller", "muller"}, {"muller", "müller"},
			{"straße", "strasse"}, {"oﬃce", "office"}, {"аlice", "alice"}, {"Ｚoe", "zoe"}, {"a\u200bb", "ab"},
			// Lower case would make an ASCII letter of these.
			{"İpek", "ipek"}, {"ipek", "İpek"}, {"\u212aelvin", "kelvin"}, {"KELVIN", "\u212aelvin"}, {"i\u0307pek", "ipek"},
			{"İpék", "ipék"},
		} {
			at := fmt.Sprintf("@%d.example.com", i)
			f.insert(t, pair[0]+at, "x")
			_, err := f.UserByEmail(t.Context(), pair[1]+at)
			mustBe(t, err, auth.ErrNoRow)
			f.create(t, pair[1]+at)
		}
	}},
	{"an address of 254 letters beyond ASCII is looked up as fast as any", func(t *testing.T, f fixture) {
		long := strings.Repeat("ü", 242) + "@example.com"
		want := f.insert(t, long, "x")
		for _, typed := range []string{long, strings.ToUpper(long)} {
			if got, err := f.UserByEmail(t.Context(), typed); err != nil || got.ID != want.ID {
				t.Errorf("%.20s…: %v", typed, err)
			}
		}
	}},
	{"whatever the case of each letter, one address is one user", func(t *testing.T, f fixture) {
		random := rand.New(rand.NewPCG(1, 2))
		for i := range 30 {
			local := []rune("grün.жук.ωμέγα")
			want := f.insert(t, recased(local, random)+fmt.Sprintf("@%d.example.com", i), "x")
			typed := recased(local, random) + fmt.Sprintf("@%d.Example.com", i)
			if got, err := f.UserByEmail(t.Context(), typed); err != nil || got.ID != want.ID {
				t.Fatalf("%s is stored, and by %s found: %v", want.Email, typed, err)
			}
		}
	}},
}

func recased(letters []rune, random *rand.Rand) string {
	var text strings.Builder
	for _, r := range letters {
		if random.IntN(2) == 0 {
			r = unicode.ToUpper(r)
		}
		text.WriteRune(r)
	}
	return text.String()
}
