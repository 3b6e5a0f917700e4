#include <regard/all.hpp>

#include <iostream>

int main() {
  const auto model = regard::load_text_classifier<float>("examples/models/bert-tiny-sst2");
  const auto why = regard::explain(model, "a gripping , funny film", regard::grad_attention_max_mutual{});
  std::cout << regard::terminal(why);
  regard::write_html("why.html", why);
}
