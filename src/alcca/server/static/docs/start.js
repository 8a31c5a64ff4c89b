// The paths of the description are relative to the address of this page, whatever a proxy puts before them.
const spec = await (await fetch("openapi.json")).json();
spec.servers = [{ url: new URL(".", location.href).href.replace(/[/]$/, "") }];
window.SwaggerUIBundle({ spec, dom_id: "#swagger-ui", deepLinking: true });
