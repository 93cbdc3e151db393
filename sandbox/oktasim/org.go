package oktasim

const orgID = "00o00000000000000000"

func (s *Server) getOrg(q *request) reply {
	return ok(map[string]any{
		"id": orgID, "subdomain": "sandbox", "companyName": "Sandbox", "status": "ACTIVE",
		"created": stamp(q.at.AddDate(-3, 0, 0)), "lastUpdated": stamp(q.at.AddDate(-1, 0, 0)), "expiresAt": nil,
		"address1": nil, "city": nil, "country": nil, "website": nil, "phoneNumber": nil,
		"_links": map[string]any{"self": href(s.url(q.Request) + "/api/v1/org")},
	})
}

func (s *Server) wellKnown(q *request) reply {
	return ok(map[string]any{
		"id": orgID, "pipeline": "idx",
		"settings": map[string]any{"analyticsCollectionEnabled": false, "bugReportingEnabled": true, "omEnabled": false},
		"_links":   map[string]any{"organization": href(s.url(q.Request))},
	})
}
