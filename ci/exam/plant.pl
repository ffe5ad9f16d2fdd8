#!/usr/bin/env perl
# Applies a mutant (tests/mutants/README.md has the format) to a copy of the sources.
#
#   plant.pl MUTANT TREE
#
# Ends with 1 and one line if something that the mutant looks for is not in its file exactly once, or
# if what stands before that is wrong.
use strict;
use warnings;
use FindBin;

my ($mutant, $tree) = @ARGV;
die "usage: plant.pl MUTANT TREE\n" unless defined $tree;

sub whole {
  my ($path) = @_;
  local $/;
  open(my $in, '<', $path) or die "$mutant: cannot read $path\n";
  return scalar <$in>;
}

# Of a mutant of the store: the models on which it bites, if not on all, with the reason.
sub check_head {
  my %said;
  for my $line (split /\n/, $_[0]) {
    my ($key, $text) = $line =~ /^([a-z-]+): (\S.*)$/ or die "$mutant: no line KEY: TEXT: $line\n";
    die "$mutant: no key '$key'\n" unless $key =~ /^(why|fault|seen|exam|models|models-why)$/;
    die "$mutant: $key: is there twice\n" if exists $said{$key};
    $said{$key} = $text;
  }
  die "$mutant: needs a line why:\n" unless exists $said{why};
  die "$mutant: models: and models-why: stand together\n"
    if exists $said{models} != exists $said{'models-why'};
  return unless exists $said{models};
  my ($rows) = whole("$FindBin::Bin/../../faultfs/crash/persistence_model.h") =~
    /kModels\[\] = \{(.*?)^\};/ms or die "there are no models\n";
  my %known = map { $_ => 1 } $rows =~ /\.name = "([^"]+)"/g;
  my %named;
  for my $model (split ' ', $said{models}) {
    die "$mutant: models: no model '$model'\n" unless $known{$model};
    die "$mutant: models: '$model' is there twice\n" if $named{$model}++;
  }
  die "$mutant: models: these are all; leave the line out\n" if keys %named == keys %known;
}

my ($head, @edits) = split /^file: /m, whole($mutant);
die "$mutant: needs a line file:\n" unless @edits;
check_head($head);
for my $edit (@edits) {
  my ($file, $find, $replace) = $edit =~ /\A(\S+)\nfind:\n(.*?)^replace:\n(.*)\z/ms
    or die "$mutant: after file: needs the lines find: and replace:\n";
  my $code  = whole("$tree/$file");
  my $count = () = $code =~ /\Q$find\E/g;
  die "$mutant: what it looks for is in $file $count times\n" unless $count == 1;
  substr($code, index($code, $find), length $find) = $replace;
  open(my $out, '>', "$tree/$file") or die "cannot write $file\n";
  print $out $code;
}
