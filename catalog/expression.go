package catalog

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/ext"
)

const (
	maxExpression = 2000    // characters of source
	costLimit     = 200_000 // steps of one evaluation; a membership test in 5,000 groups takes 5,000
	noEnd         = 100 * 365 * day
)

// These are the shapes that expressions see; their names appear in messages, hence the plain ones.
type (
	person struct {
		ID         string            `cel:"id"`
		Email      string            `cel:"email"`
		Name       string            `cel:"name"`
		Title      string            `cel:"title"`
		Department string            `cel:"department"`
		Manager    bool              `cel:"manager"` // whether there is one
		Groups     []string          `cel:"groups"`
		Attributes map[string]string `cel:"attributes"`
	}
	application struct {
		ID       string   `cel:"id"`
		Name     string   `cel:"name"`
		Category string   `cel:"category"`
		Tags     []string `cel:"tags"`
		Risk     string   `cel:"risk"`
		Owners   []string `cel:"owners"`
	}
	role struct {
		ID       string `cel:"id"`
		Name     string `cel:"name"`
		Risk     string `cel:"risk"`
		Elevated bool   `cel:"elevated"`
	}
)

// expression is a compiled condition; safe for concurrent use.
type expression struct{ program cel.Program }

func (x *expression) eval(vars map[string]any) (bool, error) {
	out, _, err := x.program.Eval(vars)
	if err != nil {
		return false, err
	}
	ok, isBool := out.Value().(bool)
	if !isBool {
		return false, errors.New("the expression did not give true or false")
	}
	return ok, nil
}

// compiler checks expressions of one kind and compiles each distinct text once.
type compiler struct {
	env  *cel.Env
	done map[string]*expression
}

// newCompiler makes a compiler; only policies know the duration of a request.
func newCompiler(withDuration bool) (*compiler, error) {
	options := []cel.EnvOption{
		ext.NativeTypes(reflect.TypeFor[person](), reflect.TypeFor[application](), reflect.TypeFor[role](), ext.ParseStructTags(true)),
		cel.Variable("requester", cel.ObjectType("catalog.person")),
		cel.Variable("subject", cel.ObjectType("catalog.person")),
		cel.Variable("app", cel.ObjectType("catalog.application")),
		cel.Variable("entitlement", cel.ObjectType("catalog.role")),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ParserRecursionLimit(50),
	}
	if withDuration {
		options = append(options, cel.Variable("duration", cel.DurationType))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("prepare expressions: %w", err)
	}
	return &compiler{env: env, done: map[string]*expression{}}, nil
}

// compile returns the expression, or what is wrong with the text.
func (c *compiler) compile(text string) (*expression, []*common.Error) {
	if x, ok := c.done[text]; ok {
		return x, nil
	}
	ast, issues := c.env.Compile(text)
	if issues != nil && issues.Err() != nil {
		return nil, issues.Errors()
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		message := fmt.Sprintf("the expression gives %s, but must give true or false", ast.OutputType())
		return nil, []*common.Error{common.NewError(0, message, common.NewLocation(1, 0))}
	}
	program, err := c.env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit))
	if err != nil {
		return nil, []*common.Error{common.NewError(0, err.Error(), common.NewLocation(1, 0))}
	}
	x := &expression{program: program}
	c.done[text] = x
	return x, nil
}

func personVars(e *Entitlement, p Person) map[string]any {
	who := personView(p)
	return map[string]any{
		"requester": who,
		"subject":   who,
		"app": application{
			ID: string(e.App.ID), Name: e.App.Name, Category: e.App.Category,
			Tags: orEmpty(e.App.Tags), Risk: string(e.App.Risk), Owners: orEmpty(e.App.Owners),
		},
		"entitlement": role{ID: string(e.ID), Name: e.Name, Risk: string(e.Risk), Elevated: e.Elevated},
	}
}

func requestVars(e *Entitlement, f Facts) map[string]any {
	vars := personVars(e, f.Requester)
	vars["subject"] = personView(f.Subject)
	length := time.Duration(f.Duration)
	if f.Duration == Standing {
		length = noEnd
	}
	vars["duration"] = length
	return vars
}

func personView(p Person) person {
	attributes := p.Attributes
	if attributes == nil {
		attributes = map[string]string{}
	}
	return person{
		ID: p.ID, Email: p.Email, Name: p.Name, Title: p.Title, Department: p.Department, Manager: p.HasManager,
		Groups: orEmpty(p.Groups), Attributes: attributes,
	}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
