/** The login view, shown instead of every view until the token is accepted. */

import { login } from "./api.js";
import { h } from "./dom.js";
import { field } from "./filters.js";

export function loginView(entered) {
  const token = h("input", {
    id: "login-token",
    name: "token",
    type: "password",
    autocomplete: "current-password",
    required: true,
    "aria-describedby": "login-error",
  });
  const trouble = h("p", { class: "trouble", id: "login-error", role: "alert" });
  const button = h("button", { type: "submit", class: "button primary", id: "login-submit" }, "Open the library");
  const submit = async (event) => {
    event.preventDefault();
    trouble.textContent = "";
    button.disabled = true;
    try {
      await login(token.value);
      entered();
    } catch (error) {
      trouble.textContent =
        error.status === 401 ? "Wrong token. Copy it from where alcca serve was started." : error.message;
      token.select();
    } finally {
      button.disabled = false;
    }
  };
  const form = h(
    "form",
    { class: "panel login", id: "login-form", on: { submit } },
    h("h1", {}, "This library needs a token"),
    h("p", {}, "The server was started with a token. Ask the person who started it."),
    field("Token", token),
    trouble,
    button,
  );
  return { element: form, title: "Token" };
}
