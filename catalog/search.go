package catalog

type searchIndex struct{}

func newSearchIndex([]*Entitlement) *searchIndex { return &searchIndex{} }
