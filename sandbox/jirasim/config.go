package jirasim

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Config is the site as it is before the first call.
type Config struct {
	Now func() time.Time // clock for everything that Jira would date; nil = time.Now

	URL         string // address of the site, used in self links until SetURL is called; empty = http://jira.invalid
	CloudID     string // the site's id on the gateway path /ex/jira/{cloudId}/; empty = no gateway
	GatewayURL  string // address put before /ex/jira/{cloudId} in links; empty = URL
	GatewayLink bool   // whether calls on the site host get links in the gateway form too; false = links of the form that was called

	Accounts  []Account      // people and apps; at least one
	Projects  []Project      // at least one
	Fields    []Field        // custom fields of the site; system fields are always there
	LinkTypes []LinkType     // nil = Blocks, Cloners, Duplicate, Relates
	Limits    Limits         // zero = the limits that Atlassian publishes
	IndexLag  time.Duration  // how long search does not see a new or changed issue; 0 = at once
	PageCap   int            // most issues with fields on one page of search/jql; 0 = 100
	BulkEpoch bool           // whether changelog/bulkfetch dates entries in epoch milliseconds, as the document's example does; false = as its schema says
	Burn      func(int) bool // whether the nth refused create (from 1) uses up an issue number; nil = every one does
}

// Account is a person, an app or a portal customer.
type Account struct {
	AccountID    string    // opaque, up to 128 characters
	Email        string    // also the user name of Basic authentication
	DisplayName  string    //
	Type         string    // atlassian, app or customer; empty = atlassian
	EmailHidden  bool      // whether the address is left out of answers and matches only exactly in user search
	Inactive     bool      // whether the account was deactivated
	Token        string    // API token without scopes, good on the site host; empty = cannot log in
	ScopedToken  string    // API token with scopes, good on the gateway path alone; empty = none
	TokenExpires time.Time // when both tokens stop working; zero = never
	Permissions  []string  // permission keys held in every project and globally; see PermissionKeys
	TimeZone     string    // IANA name, decides quoted times in JQL and the offset of dates in answers; empty = UTC
}

// Project is one project with its screens and workflow.
type Project struct {
	ID         string
	Key        string // capital letters and digits
	Name       string
	Type       string // software, service_desk or business; empty = software
	Lead       string // account id; empty = the first account
	IssueTypes []IssueType
	Workflow   Workflow
	Create     []string // field ids on the create screen besides project and issuetype
	Edit       []string // field ids on the edit screen; nil = those of Create
	Required   []string // field ids that must be set on create, besides summary
}

// IssueType is one type of issue.
type IssueType struct {
	ID          string
	Name        string
	Description string
	Subtask     bool
}

// Workflow is a project's statuses and the ways between them.
type Workflow struct {
	Statuses    []Status
	Initial     string // status id of a new issue
	Transitions []Transition
}

// Status is a step of a workflow. Statuses belong to the whole site: the same id in two projects is the same status.
type Status struct {
	ID       string
	Name     string
	Category string // new, indeterminate or done
}

// Transition is one way between statuses.
type Transition struct {
	ID         string
	Name       string
	From       []string // status ids; nil = from every status (a global transition)
	To         string   // status id
	Screen     *Screen  // nil = no screen: neither fields nor a comment may come with it
	Resolution string   // name of the resolution that a post-function sets; empty = none, except that leaving category done clears it
}

// Screen is what a transition asks for.
type Screen struct {
	Fields    []string // field ids, "resolution" among them if it can be chosen
	Required  []string // those of Fields that must be given
	NoComment bool     // whether the comment box is off
}

// Field is a custom field.
type Field struct {
	ID      string // customfield_N
	Name    string
	Type    string   // schema type: string, number, option, array, user, date, datetime
	Items   string   // schema items for arrays: option, string, user
	Custom  string   // schema custom key, such as com.atlassian.jira.plugin.system.customfieldtypes:select
	Options []Option // for select and radio fields
}

// Option is one choice of a select field.
type Option struct {
	ID    string
	Value string
}

// LinkType is a kind of issue link.
type LinkType struct {
	ID, Name, Inward, Outward string
}

// Limits are Jira's limits. Rates are requests per second and also the size of a burst.
type Limits struct {
	Off        bool // no rate limits at all
	Get        int  // 0 = 100
	Post       int  // 0 = 100
	Put        int  // 0 = 50
	Delete     int  // 0 = 50
	GetIssue   int  // 0 = 150
	Changelog  int  // 0 = 200
	IssueShort int  // writes to one issue in 2 s; 0 = 20
	IssueLong  int  // writes to one issue in 30 s; 0 = 100
	Comments   int  // comments on one issue before 413; 0 = 5000
	Links      int  // links of one issue before 413; 0 = 2000
}

// Limits of text, labels and properties that Jira's documents state.
const (
	maxText        = 32767
	maxSummary     = 255
	maxLabel       = 255
	maxProperty    = 32768
	maxPropertyKey = 255
)

func (l Limits) filled() Limits {
	for _, d := range []struct {
		p *int
		v int
	}{
		{&l.Get, 100},
		{&l.Post, 100},
		{&l.Put, 50},
		{&l.Delete, 50},
		{&l.GetIssue, 150},
		{&l.Changelog, 200},
		{&l.IssueShort, 20},
		{&l.IssueLong, 100},
		{&l.Comments, 5000},
		{&l.Links, 2000},
	} {
		if *d.p == 0 {
			*d.p = d.v
		}
	}
	return l
}

func (cfg *Config) check() error {
	var errs []error
	if len(cfg.Accounts) == 0 || len(cfg.Projects) == 0 {
		errs = append(errs, errors.New("at least one account and one project are needed"))
	}
	seen := map[string]bool{}
	for _, a := range cfg.Accounts {
		if a.AccountID == "" || seen["a"+a.AccountID] {
			errs = append(errs, fmt.Errorf("account id %q is empty or taken", a.AccountID))
		}
		seen["a"+a.AccountID] = true
		if _, err := time.LoadLocation(a.TimeZone); err != nil {
			errs = append(errs, fmt.Errorf("account %s: %w", a.AccountID, err))
		}
	}
	key := regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)
	for i := range cfg.Projects {
		p := &cfg.Projects[i]
		if !key.MatchString(p.Key) || p.ID == "" || seen["p"+p.Key] {
			errs = append(errs, fmt.Errorf("project key %q or id %q is wrong or taken", p.Key, p.ID))
		}
		seen["p"+p.Key] = true
		errs = append(errs, p.check())
	}
	return errors.Join(errs...)
}

func (p *Project) check() error {
	var errs []error
	known := map[string]bool{}
	for _, st := range p.Workflow.Statuses {
		known[st.ID] = true
		if st.Category != "new" && st.Category != "indeterminate" && st.Category != "done" {
			errs = append(errs, fmt.Errorf("project %s: status %s has unknown category %q", p.Key, st.Name, st.Category))
		}
	}
	if !known[p.Workflow.Initial] {
		errs = append(errs, fmt.Errorf("project %s: initial status %q is not in the workflow", p.Key, p.Workflow.Initial))
	}
	for _, tr := range p.Workflow.Transitions {
		for _, id := range append([]string{tr.To}, tr.From...) {
			if !known[id] {
				errs = append(errs, fmt.Errorf("project %s: transition %s names unknown status %q", p.Key, tr.Name, id))
			}
		}
	}
	if len(p.IssueTypes) == 0 {
		errs = append(errs, fmt.Errorf("project %s has no issue types", p.Key))
	}
	return errors.Join(errs...)
}
