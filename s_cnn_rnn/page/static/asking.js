// Requests to this page's own server; what went wrong comes as an Error with a message for people.

async function answerOf(response) {
  const content = await response.json().catch(() => ({}));
  const failed = `The program behind this page failed at this (${response.status}); why stands where it was started.`;
  if (!response.ok) throw new Error(content.error || failed);
  return content;
}

async function ask(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Error("The program behind this page does not answer; is it still running?");
  }
  return answerOf(response);
}

export const askRuns = () => ask("/api/runs");

export const upload = (file) => ask("/api/photographs", { method: "POST", body: file });

export const pictureOf = (photograph) => `/api/photographs/${photograph}/picture`;

export const askWith = (photograph, what, wanted) =>
  ask(`/api/photographs/${photograph}/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(wanted),
  });
