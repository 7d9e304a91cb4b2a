// The null provider, as far as the module uses it: a resource that is made and
// keeps its triggers. For machines that reach no provider registry.
package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/plugin"
)

func main() {
	nothing := func(context.Context, *schema.ResourceData, any) diag.Diagnostics { return nil }
	resource := &schema.Resource{
		CreateContext: func(_ context.Context, data *schema.ResourceData, _ any) diag.Diagnostics {
			data.SetId("made")
			return nil
		},
		ReadContext:   nothing,
		DeleteContext: nothing,
		Schema: map[string]*schema.Schema{
			"triggers": {
				Type:     schema.TypeMap,
				Elem:     &schema.Schema{Type: schema.TypeString},
				Optional: true,
				ForceNew: true,
			},
		},
	}
	plugin.Serve(&plugin.ServeOpts{ProviderFunc: func() *schema.Provider {
		return &schema.Provider{
			ResourcesMap: map[string]*schema.Resource{"null_resource": resource},
		}
	}})
}
