// Photos and PDFs for a mentor: chosen, pasted or dropped, and on their way with progress.

const UNREADABLE = { unreadable: true };

// Wires the button, the input and the page; `send(file)` for each one that may go, `refuse(text)` with the reason for
// the others. Nothing is taken while `open()` says no.
export class Files {
  constructor({ button, input, question, composer, largest, kinds, texts, open, send, refuse }) {
    Object.assign(this, { button, input, composer, largest, kinds, texts, open, send, refuse });
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.#take([...input.files]);
      input.value = "";
      question.focus();
    });
    question.addEventListener("paste", (event) => this.#paste(event));
    for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
      document.addEventListener(name, (event) => this.#drag(event));
    }
  }

  show() {
    this.button.hidden = !this.open();
    if (this.button.hidden) this.composer.classList.remove("dropping");
  }

  #paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || !this.open() || event.clipboardData.getData("text/plain")) return;
    event.preventDefault();
    this.#take(files);
  }

  #drag(event) {
    if (!this.open() || !event.dataTransfer?.types.includes("Files")) return;
    const over = event.type === "dragenter" || event.type === "dragover";
    if (event.type !== "dragleave") event.preventDefault();
    this.composer.classList.toggle("dropping", over || (event.type === "dragleave" && event.relatedTarget !== null));
    if (event.type === "drop") this.#take([...event.dataTransfer.files]);
  }

  async #take(files) {
    for (const file of files) {
      if (file.type && !this.kinds.includes(file.type)) this.refuse(this.texts.fileKind);
      else if (file.size > this.largest) this.refuse(this.texts.fileTooBig);
      else {
        const content = await read(file);
        if (content === UNREADABLE) this.refuse(this.texts.notSent);
        else this.send({ name: file.name, content });
      }
    }
  }
}

// In memory, so that sending it later does not depend on where it came from.
async function read(file) {
  try {
    return new Blob([await file.arrayBuffer()], { type: file.type });
  } catch {
    return UNREADABLE;
  }
}

// {status, answer, wait}, or null when the server could not be reached. `progress` hears how much is through, 0 to 1.
export function upload(path, content, headers, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = ({ lengthComputable, loaded, total }) => lengthComputable && progress(loaded / total);
    request.onload = () => resolve({
      status: request.status,
      answer: request.response ?? {},
      wait: Number(request.getResponseHeader("Retry-After")),
    });
    request.onerror = request.ontimeout = request.onabort = () => resolve(null);
    request.send(content);
  });
}
