// Package entra speaks to Microsoft Entra ID through Microsoft Graph v1.0 as an app of its own: it is an idp.Provider with
// every capability that the vendor has.
//
// It never deletes, creates or changes a person or a group: it changes memberships, their end, and ends sessions.
package entra
