// Draws the contract. It is a file of its own because the page's policy allows
// no inline script.
const place = document.getElementById('swagger-ui')

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.contract,
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  // A token kept in localStorage is there for every script of this origin, for
  // as long as it lives. Here it is gone when the tab is.
  persistAuthorization: false,
  // The badge would send the contract's address to another host.
  validatorUrl: null,
})
