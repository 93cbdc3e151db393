package jirasim

import "time"

// Account ids, addresses and tokens of DefaultConfig.
const (
	BotAccount   = "712020:0b07a3c4-6f0e-4a52-9c55-a3d1f0c0b001" // the bot that files requests
	BotEmail     = "access-bot@example.com"
	BotToken     = "ATATT3xFfGF0-sandbox-bot-token"
	AdminAccount = "5b10a2844c20165700ede21g" // a Jira administrator
	AdminEmail   = "jira.admin@example.com"
	AdminToken   = "ATATT3xFfGF0-sandbox-admin-token"
)

// Custom field ids of DefaultConfig.
const (
	FieldApplication = "customfield_10101" // single-line text
	FieldRole        = "customfield_10102" // single-line text
	FieldRisk        = "customfield_10103" // select: Low, Medium, High
	FieldAccessEnds  = "customfield_10104" // date and time
	FieldAccessFor   = "customfield_10105" // one user
)

const customTypes = "com.atlassian.jira.plugin.system.customfieldtypes:"

// DefaultConfig is a small site with one project, ACCESS, and a workflow for access requests. now may be nil.
func DefaultConfig(now func() time.Time) Config {
	screen := []string{
		"summary", "description", "labels", "reporter", "assignee", "priority", "duedate", "issuelinks",
		FieldApplication, FieldRole, FieldRisk, FieldAccessEnds, FieldAccessFor,
	}
	return Config{
		Now:      now,
		CloudID:  "11223344-a1b2-3b33-c444-def123456789",
		Accounts: defaultAccounts(),
		Fields: []Field{
			{ID: FieldApplication, Name: "Application", Type: "string", Custom: customTypes + "textfield"},
			{ID: FieldRole, Name: "Role", Type: "string", Custom: customTypes + "textfield"},
			{ID: FieldRisk, Name: "Risk", Type: "option", Custom: customTypes + "select", Options: []Option{
				{ID: "10201", Value: "Low"},
				{ID: "10202", Value: "Medium"},
				{ID: "10203", Value: "High"},
			}},
			{ID: FieldAccessEnds, Name: "Access ends", Type: "datetime", Custom: customTypes + "datetime"},
			{ID: FieldAccessFor, Name: "Access for", Type: "user", Custom: customTypes + "userpicker"},
		},
		Projects: []Project{{
			ID: "10000", Key: "ACCESS", Name: "Access requests", Type: "software", Lead: AdminAccount,
			IssueTypes: []IssueType{
				{ID: "10101", Name: "Access request", Description: "Somebody asks for access to an application."},
				{ID: "10102", Name: "Task", Description: "A small, distinct piece of work."},
			},
			Workflow: DefaultWorkflow(),
			Create:   screen,
		}},
	}
}

// DefaultWorkflow is the workflow of project ACCESS: waiting, approved, active, done, and the ends denied, canceled and failed.
func DefaultWorkflow() Workflow {
	const waiting, approved, active, done, denied, canceled, failed = "10010", "10011", "10012", "10013", "10014", "10015", "10016"
	talk := &Screen{Fields: []string{"assignee"}}
	closing := &Screen{Fields: []string{"resolution", "assignee"}}
	return Workflow{
		Initial: waiting,
		Statuses: []Status{
			{ID: waiting, Name: "Waiting for approval", Category: "new"},
			{ID: approved, Name: "Approved", Category: "indeterminate"},
			{ID: active, Name: "Active", Category: "indeterminate"},
			{ID: done, Name: "Done", Category: "done"},
			{ID: denied, Name: "Denied", Category: "done"},
			{ID: canceled, Name: "Canceled", Category: "done"},
			{ID: failed, Name: "Failed", Category: "done"},
		},
		Transitions: []Transition{
			{ID: "11", Name: "Approve", From: []string{waiting}, To: approved, Screen: talk},
			{ID: "21", Name: "Deny", From: []string{waiting}, To: denied, Screen: closing, Resolution: "Won't Do"},
			{ID: "31", Name: "Cancel", From: []string{waiting, approved}, To: canceled, Resolution: "Won't Do"},
			{ID: "41", Name: "Grant", From: []string{waiting, approved}, To: active},
			{ID: "51", Name: "End access", From: []string{active}, To: done, Screen: closing, Resolution: "Done"},
			{ID: "61", Name: "Close", From: []string{waiting, approved}, To: done, Resolution: "Done"},
			{ID: "71", Name: "Give up", From: []string{waiting, approved, active}, To: failed, Screen: talk, Resolution: "Cannot Reproduce"},
		},
	}
}

func defaultAccounts() []Account {
	return []Account{
		{
			AccountID: BotAccount, Email: BotEmail, DisplayName: "Access Bot", Type: "app", Token: BotToken,
			ScopedToken: "ATSTT3xFfGF0-sandbox-bot-scoped-token", Permissions: BotPermissions(),
		},
		{
			AccountID: AdminAccount, Email: AdminEmail, DisplayName: "Mia Krystof", Token: AdminToken,
			Permissions: PermissionKeys(), TimeZone: "Etc/UTC",
		},
		{AccountID: "712020:a11ce000-0000-4000-8000-000000000001", Email: "alice@example.com", DisplayName: "Alice Archer", Permissions: memberPermissions()},
		{AccountID: "712020:b0b00000-0000-4000-8000-000000000002", Email: "bob@example.com", DisplayName: "Bob Baker", Permissions: memberPermissions()},
		{
			AccountID: "712020:ca401000-0000-4000-8000-000000000003", Email: "carol@example.com", DisplayName: "Carol Cook",
			EmailHidden: true, Permissions: memberPermissions(),
		},
		{AccountID: "712020:da4e0000-0000-4000-8000-000000000004", Email: "dave@example.com", DisplayName: "Dave Drake", Inactive: true},
	}
}
