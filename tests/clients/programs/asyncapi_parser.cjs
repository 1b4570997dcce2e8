// AsyncAPI documents of a server, read by the parser of the format's makers.

const told = JSON.parse(process.argv[2]);
const { Parser } = require(require.resolve("@asyncapi/parser", { paths: [told.modules] }));

const ERROR = 0; // severities go down: warning, information, hint

async function read(text) {
  const { document, diagnostics } = await new Parser().parse(text);
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
  // All of them first: a server does not keep a connection for as long as a large one takes to read.
  const texts = {};
  for (const { protocol, url } of index.documents) texts[protocol] = await (await fetch(told.url + url)).text();
  const found = {};
  for (const [protocol, text] of Object.entries(texts)) found[protocol] = await read(text);
  console.log(JSON.stringify(found));
})();
