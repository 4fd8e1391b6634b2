// Lets somebody see the password that they type.

const field = document.querySelector("input[type=password]");
const button = document.querySelector(".show-password");

function show(visible) {
  field.type = visible ? "text" : "password";
  button.textContent = visible ? button.dataset.hide : button.dataset.show;
}

if (button) {
  show(false);
  button.hidden = false;
  button.addEventListener("click", () => show(field.type === "password"));
  field.form.addEventListener("submit", () => show(false));
}
