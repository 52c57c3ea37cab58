package api

import (
	"github.com/oapi-codegen/nullable"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/auth"
)

func toToken(grant auth.TokenGrant) gen.TokenJSONResponse {
	token := gen.TokenJSONResponse{
		AccessToken: grant.AccessToken,
		TokenType:   gen.Bearer,
		User:        toUser(grant.User),
	}
	if grant.DeviceToken != "" {
		token.DeviceToken = &grant.DeviceToken
	}
	return token
}

// textOf returns an optional text, or "" where there is none.
func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func toUser(u auth.User) gen.User {
	out := gen.User{
		ID:          u.ID,
		Email:       u.Email,
		FirstName:   u.FirstName,
		LastName:    u.LastName,
		Name:        nullable.NewNullNullable[string](),
		IsStaff:     u.IsStaff,
		IsActive:    u.IsActive,
		IsSuperuser: u.IsSuperuser,
		DateJoined:  u.DateJoined,
	}
	if name := u.FullName(); name != "" {
		out.Name.Set(name)
	}
	out.LastLogin.SetNull()
	if u.LastLogin != nil {
		out.LastLogin.Set(*u.LastLogin)
	}
	return out
}

func toSessionList(sessions []auth.Session, current string) gen.SessionList {
	out := gen.SessionList{Sessions: make([]gen.Session, 0, len(sessions))}
	for _, s := range sessions {
		out.Sessions = append(out.Sessions, gen.Session{
			ID:        s.ID,
			Current:   s.ID == current,
			Client:    s.Device(),
			UserAgent: s.UserAgent,
			Address:   s.Address,
			Channel:   gen.SessionChannel(s.Channel),
			CreatedAt: s.CreatedAt,
			RenewedAt: s.RenewedAt,
		})
	}
	return out
}

func toFieldErrors(faults []auth.FieldError) *[]gen.FieldError {
	if len(faults) == 0 {
		return nil
	}
	out := make([]gen.FieldError, 0, len(faults))
	for _, fault := range faults {
		out = append(out, gen.FieldError{Field: fault.Field, Message: fault.Message})
	}
	return &out
}
