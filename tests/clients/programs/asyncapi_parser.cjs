// AsyncAPI documents of a server, read by the parser of the format's makers.

const told = JSON.parse(process.argv[2]);
const { Parser } = require(require.resolve("@asyncapi/parser", { paths: [told.modules] }));

const ERROR = 0; // severities go down: warning, information, hint

async function read(url) {
  const { document, diagnostics } = await new Parser().parse(await (await fetch(url)).text());
  const complaints = diagnostics
    .filter((one) => one.severity <= ERROR + 1)
    .map((one) => `${one.path.join(".")}: ${one.message}`);
  if (!document) return { complaints };
  return {
    complaints,
    title: document.info().title(),
    messages: document.messages().all().map((one) => one.name()).sort(),
    actions: [...new Set(document.operations().all().map((one) => one.action()))].sort(),
  };
}

(async () => {
  const index = await (await fetch(`${told.url}/asyncapi.json`)).json();
  const found = {};
  for (const { protocol, url } of index.documents) found[protocol] = await read(told.url + url);
  console.log(JSON.stringify(found));
})();
