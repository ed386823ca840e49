/** Parameters of a query that contain credentials. */
const SECRET = /^(?:ticket|.*(?:token|jwt|bearer|authorization|secret|password|key))$/i;

/** Replaces the values of query parameters that contain credentials, for the log. */
export function redactUrl(url: string): string {
  const start = url.indexOf('?');
  if (start < 0) return url;
  const parameters = url.slice(start + 1).split('&');
  return url.slice(0, start + 1) + parameters.map(redactParameter).join('&');
}

function redactParameter(parameter: string): string {
  const [name = ''] = parameter.split('=', 1);
  return SECRET.test(decodeName(name)) ? `${name}=[redacted]` : parameter;
}

/** Decodes a name as the routes do. */
function decodeName(name: string): string {
  const [[decoded = ''] = []] = [...new URLSearchParams(name)];
  return decoded;
}
