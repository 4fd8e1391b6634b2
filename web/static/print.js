// Prints the page. Without scripts there is no button: the browser's own menu does the same.

const button = document.querySelector("#print");
button.hidden = false;
button.addEventListener("click", () => window.print());
